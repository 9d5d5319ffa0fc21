"""The vocabulary of the demo's world: one invented product, and invented companies and people around it."""


def spaced(text: str) -> list[str]:
    return text.split()


ROOTS = spaced(
    """
    Hald Alder Varg Oster Jorv Kestel Ulv Tarn Otter Lunder Castar Holmar Nether Saltan Ilver Jesmar Fenner Orsel Hestor
    Solvar Farn Leclan Lindel Stellan Elder Umber Marl Yarrel Holl Sabel Ivar Ravel Rosel Selvan Clonel Nairn Gren Wex
    Kilbar Torv Brekk Dovel Elst Gavor Harv Istel Korvel Lestor Morv Norrel Pelv Quarr Ruskel Skarn Tresk Vess Welv Yster
    Zell Arvel
    """
)
ENDINGS = spaced("en by holt wick stad ora mere vik ina mark land ett una berg ika oss dal eby ino alt")
INDUSTRIES = spaced(
    """
    Freight Steel Optics Motors Paper Chemicals Logistics Retail Telecom Energy Insurance Foods Robotics Mining Airways
    Ports Hotels Pharma Textiles Water Marine Media Grid Labs Capital Post Glass Timber Cycles Aerospace Ceramics
    Instruments Dairies Batteries Packaging Rail Cables Seeds Turbines Clinics
    """
)
BRANCHES = spaced(
    """
    Nordic Iberia Baltic Alpine Pacific Atlantic Levant Andes Benelux Danube Group Holding International West East North
    South Central Overseas Partners Systems Services Works Union Trading
    """
)

FIRST_NAMES = spaced(
    """
    Petra Luca Sofie Marek Helen Amara Björn Carla Dario Elif Farid Greta Hugo Ines Jun Katya Lars Mina Nils Olga Pablo
    Quinn Rosa Samir Tove Umar Vera Wim Xenia Yusuf Zofia Anton Bea Cem Dina Emil Freya Goran Hana Ivo
    """
)
LAST_NAMES = spaced(
    """
    Hofmark Brandell Aartsen Nowell Doylan Okoye Lindholt Ferraro Kaminsk Ozdal Rahmani Sundell Varela Petrov Takedo Moreau
    Jansen Kovar Silvane Haldorf Bergman Castell Dragan Eskola Fontane Grahl Iversen Kestner Lorenz Madsen Niemi Orlov
    Pallas Quist Rossel Sato Tamm Ulrik Vidal Wolny
    """
)
# The owners of the books; the first is rep@demo.test. Larger portfolios get more, named like everyone else.
OWNERS = (
    "Mara Lindqvist",
    "Tomás Ferreira",
    "Aisha Rahman",
    "Jonas Weber",
    "Priya Nair",
    "Ewan McBride",
    "Chloé Martin",
    "Diego Salas",
)
MANAGER = "Ingrid Solberg"
ADMIN = "Noor Haddad"

ROLES = (  # role, and how technical people in it tend to be
    ("VP Operations, sponsor", "low"),
    ("Head of Integration", "high"),
    ("Product owner, Orders", "medium"),
    ("Platform engineer", "high"),
    ("Identity engineer", "high"),
    ("Procurement lead", "low"),
    ("IT security officer", "medium"),
    ("Support lead", "medium"),
    ("Data analyst", "medium"),
    ("Warehouse systems manager", "medium"),
)
STAKEHOLDER_NOTES = (
    "",
    "",
    "",
    "Prefers a short call over a long mail.",
    "Wants numbers first, reasons second.",
    "New in the role, still meeting the teams.",
    "Reads the release notes line by line.",
    "Decides about the renewal together with procurement.",
    "Skipped the last two reviews; a written summary works.",
    "Built their order connector and knows it best.",
    "Asks early about anything that touches security.",
    "Open to try betas on the staging system.",
)

INTEGRATIONS = (
    "ERP connector",
    "Warehouse export",
    "Event stream",
    "CRM sync",
    "Single sign-on",
    "Billing webhook",
    "Log shipping",
    "Data lake export",
)
FEATURES = (
    "Order console",
    "Event rules",
    "Warehouse export",
    "Report builder",
    "API v3",
    "Carrier scorecards",
    "Returns portal",
    "Audit log",
    "Bulk editing",
    "Alerting",
)
ENVIRONMENT = (
    ("Version 4.17.3", "Version 4.18.0", "Version 4.16.5"),
    ("Dedicated, eu-central", "Shared, eu-west", "Shared, us-east", "Dedicated, ap-southeast"),
    ("SAML single sign-on", "OpenID Connect single sign-on"),
    ("Kubernetes 1.31", "Kubernetes 1.33", "Virtual machines only"),
    ("Data residency: EU only", "Data residency: US only"),
    ("Change freeze 18 Dec to 4 Jan", "Change freeze at every quarter's end"),
    ("Outbound traffic through a proxy", "IP allow list"),
)
OPPORTUNITIES = (
    ("Large-message order sync", "They move orders of several megabytes and would test a streaming sync with us."),
    ("Carrier scorecards", "They offered two years of carrier data as a sample to tune the scorecards on."),
    ("Returns portal for partners", "Their resellers handle returns by mail; they would pilot a portal for them."),
    ("Forecast of warehouse load", "They want tomorrow's load from today's orders and have the history for it."),
    ("Event rules as code", "Their platform team wants rules reviewed in Git and would write the first client."),
    ("Multi-region failover", "They run two regions and would rehearse a failover with our team every quarter."),
)

# Subjects of tickets. What breaks for many at once reads differently from the questions of a normal week.
URGENT_SUBJECTS = (
    "Order sync drops messages over 1 MB",
    "SSO group mapping ignores nested groups",
    "Warehouse export stopped after storage key rotation",
    "Event stream lags by 40 minutes at peak",
    "ERP connector rejects orders with a zero tax line",
    "API v3 answers 502 under load",
    "Duplicate shipments created after a retry",
    "Users are signed out every few minutes",
    "Webhook signature check fails since the last release",
    "Nightly CRM sync overwrites manual edits",
    "Order console times out for large customers",
    "Certificate on the custom domain expired",
    "Returns are booked twice after midnight",
    "Report builder shows yesterday's figures as today's",
    "Carrier labels print with the wrong address",
    "Audit log misses changes made through the API",
    "Billing webhook sends each invoice three times",
    "Log shipping stopped without an alert",
    "Data lake export leaves out the last hour",
    "Orders stay in “checking” for hours",
)
ROUTINE_SUBJECTS = (
    "Export column order differs from the preview",
    "Retry banner stays after recovery",
    "Webhook secret shown once only",
    "Typo in the carrier code help",
    "How to archive old order rules?",
    "Report builder ignores the saved time zone",
    "CSV import complains about a trailing comma",
    "Add a second address to the alert",
    "Dark mode contrast in the audit view",
    "Question about rate limits of API v3",
    "Filter by warehouse forgets its value",
    "Please raise the retention of the audit log",
    "Search finds cancelled orders first",
    "Need a sandbox for the new team",
    "Wrong currency symbol in a report footer",
    "Bulk edit skips the last page",
    "Access for two new colleagues",
    "Scheduled report arrives an hour late since the clock change",
    "Documentation of event rules lacks an example",
    "Carrier scorecard shows an old logo",
    "Can alerts go to a group address?",
    "Column widths are lost after signing in again",
    "Order console: keyboard shortcut for next order",
    "Rename a warehouse without losing its history",
    "Invite mail lands in the spam folder",
    "Time zone of one user differs from the team's",
    "How are partial deliveries counted?",
    "Preview of a rule shows an empty line",
    "Ask for the new list of outbound addresses",
    "Translation of a status label is too long",
)

# Messages that went out, each with what came of it.
OUTREACH = (
    ("About the open incidents on your side", "Call agreed, plan confirmed by the sponsor."),
    ("Where we stand and what comes next", "Weekly call until it is solved."),
    ("What went wrong this week, and our plan", "Thanked us for being plain about it."),
)
CHECK_INS = (
    ("How are things going?", "All well; asked for the roadmap."),
    ("A look back at your month", ""),
    ("A look back and two suggestions", "Will enable alerting next week."),
    ("Checking in before the holidays", "Asked to move the change freeze."),
    ("Two things that could save you time", "Wants a demo of event rules for the new team."),
)
RELEASE_NOTES = (
    ("What the new release means for you", ""),
    ("New release: what changes for your integrations", "Will update the staging system first."),
)
REVIEWS = (
    ("Quarterly review: health, adoption, next steps", "Sponsor joined; adoption of API v3 is the next quarter's goal."),
    ("Your quarter in review", "Asked for a roadmap session with the platform team."),
)

RESOLUTIONS = (
    "Workaround shipped and confirmed by the customer.",
    "Call with the sponsor: plan agreed, no further escalation wanted.",
    "Fixed in the latest release, customer verified.",
    "Known maintenance on the customer's side.",
)
COMMENTS = (
    "Called their operations lead, he wants a daily word until the export runs again.",
    "Second level has it and expects a fix tomorrow.",
    "Waiting for their logs, asked again this morning.",
    "Their platform team is in a release week and answers late.",
    "Two of the tickets have one cause. Linked them.",
    "Talked to the sponsor: calm, as long as we keep the date.",
)
MUTED_FOR = (
    "They freeze all changes until then.",
    "The fix ships then, nothing to do before.",
    "The whole team is at their own conference.",
)
# Why somebody raised an escalation that the score had not; in the order of `answers.BY_HAND`.
RAISED = (
    "The new CIO asked for a list of all incidents before the renewal talk.",
    "Their team lead says on the phone that they look at two competitors.",
    "They stopped opening tickets and complain to sales instead.",
    "The third outage in a month hit their peak season.",
    "Their data protection officer asks questions we cannot answer yet.",
    "The pilot of the new module is about to be called off.",
)

# Tickets whose account nobody has mapped yet: the names under which the ticket system knows it.
UNMATCHED_ACCOUNTS = ("Customer portal (shared)", "Test organisation", "Former reseller, to be split", "N/A")
