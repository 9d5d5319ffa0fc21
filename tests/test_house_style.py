"""What counts as house style between a written text and the approved one."""

from hypothesis import given
from hypothesis import strategies as st

from communications import changes
from communications.house_style import MOST_CHARACTERS, MOST_WORDS, replacements, specific_to
from tests.drafting import context, person, ticket

PLAIN = ["we", "looked", "into", "the", "export", "and", "found", "that", "it", "works", "again", "since", "then", "for", "all", "users"]
plain = st.lists(st.sampled_from(PLAIN), min_size=1, max_size=40)
anything = st.lists(st.text(min_size=1, max_size=30).filter(str.strip), max_size=40)


def cut(*lines: str, subject: str = "Where we stand") -> list[str]:
    return changes.words("", subject, "".join(f"<p>{line}</p>" for line in lines))


def changed(old: str, new: str, specific: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    return replacements(cut("Hello Petra,", old), cut("Hello Petra,", new), set(specific))


def test_a_reworded_phrase_is_found_and_the_words_around_it_are_not() -> None:
    assert changed("We are thrilled to leverage the new export.", "We are happy to use the new export.") == [
        ("thrilled", "happy"),
        ("leverage", "use"),
    ]


def test_words_that_were_taken_out_have_nothing_in_their_place() -> None:
    assert changed("I just wanted to reach out about the export.", "I wanted to reach out about the export.") == [("just", "")]


def test_big_letters_at_a_start_and_marks_at_an_end_make_no_other_word() -> None:
    assert changed("Moreover the export works.", "The export works.") == [("moreover", "")]
    assert changed("Kindly check, it works", "Please check: it works.") == [("kindly", "please")]
    assert changed("It works now.", "It works, now!") == []


def test_a_change_of_case_within_a_sentence_is_wording() -> None:
    assert changed("See the Customer Portal page", "See the customer portal page", frozenset()) == []
    assert changed("send us the API key", "send us the api key") == [("API", "api")]


def test_who_is_greeted_and_how_leave_is_taken_is_none() -> None:
    old = cut("Hello Petra,", "The export works.", "Best regards,", "Rita")
    assert replacements(old, cut("Dear Nora and team,", "The export works.", "Kind regards,", "Rita"), set()) == []
    assert replacements(cut("Hello there", "It works."), cut("Hi everybody", "It works."), set()) == []


def test_what_belongs_to_one_account_is_none() -> None:
    given = context(profile={"stakeholders": [person("petra hoffmann", "high")]}, tickets=[ticket("JIRA-1042", "P1", 3, "Export fails")])
    specific = specific_to(given)
    for old, new in (
        ("ask petra about it", "ask somebody about it"),
        ("the order sync works", "the import works"),
        ("as halden said", "as you said"),
        ("about export fails here", "about trouble here"),
    ):
        assert replacements(cut(old), cut(new), specific) == [], old
    assert replacements(cut("we utilise it"), cut("we use it"), specific) == [("utilise", "use")]


def test_figures_dates_links_and_unknown_names_are_none() -> None:
    for old, new in (
        ("it takes 3 days", "it takes four days"),
        ("let us talk on Monday", "let us talk on Tuesday"),
        ("Monday suits us", "Friday suits us"),
        ("write to a@b.example", "write to us"),
        ("see https://b.example", "see below"),
        ("we spoke with Nora", "we spoke with Hans"),
        ("about JIRA-7 then", "about it then"),
    ):
        assert changed(old, new) == [], old


def test_a_passage_written_anew_is_none() -> None:
    assert changed("the export works again since last night for all", "everything that was slow before has been made faster today") == []


def test_a_change_over_the_end_of_a_sentence_is_none() -> None:
    assert changed("It is done. Perfect for all users.", "It is good for all users.") == []


@given(anything)
def test_a_text_left_alone_teaches_nothing(words: list[str]) -> None:
    assert replacements(words, words, set()) == []


@given(
    before=plain,
    after=plain,
    old=st.lists(st.sampled_from(["leverage", "kindly"]), min_size=1, max_size=MOST_WORDS),
    took_out=st.booleans(),
)
def test_a_planted_replacement_is_found_as_it_was_planted(before: list[str], after: list[str], old: list[str], took_out: bool) -> None:
    new = [] if took_out else ["use", "please"]
    written, approved = ([f"{word} " for word in (*before, *middle, *after)] for middle in (old, new))
    assert replacements(written, approved, set()) == [(" ".join(old), " ".join(new))]


@given(before=plain, after=plain, old=st.lists(st.just("leverage"), min_size=MOST_WORDS + 1, max_size=20))
def test_more_words_than_a_phrase_has_are_never_found(before: list[str], after: list[str], old: list[str]) -> None:
    written, approved = ([f"{word} " for word in (*before, *middle, *after)] for middle in (old, ["use"]))
    assert replacements(written, approved, set()) == []


@given(written=anything, approved=anything, specific=st.sets(st.sampled_from(PLAIN)))
def test_whatever_the_texts_hold_what_is_found_is_short_and_one_line(written: list[str], approved: list[str], specific: set[str]) -> None:
    found = replacements(written + PLAIN, PLAIN + approved, specific)
    assert len(found) == len(set(found))
    for old, new in found:
        assert 1 <= len(old.split()) <= MOST_WORDS
        assert len(new.split()) <= MOST_WORDS
        assert max(len(old), len(new)) <= MOST_CHARACTERS
        assert (old + new).isprintable()
        assert old != new
        assert not specific & {word.casefold() for word in (old + " " + new).split()}
