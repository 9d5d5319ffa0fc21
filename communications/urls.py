from django.urls import path

from communications.views import drafts, steps, workbench

urlpatterns = [
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/<int:pk>/", workbench.draft, name="draft"),
    path("drafts/<int:pk>/save/", workbench.save, name="draft-save"),
    path("drafts/<int:pk>/restore/", steps.restore, name="draft-restore"),
    path("drafts/<int:pk>/regenerate/", steps.regenerate, name="draft-regenerate"),
    path("drafts/<int:pk>/retry/", steps.retry, name="draft-retry"),
    path("drafts/<int:pk>/approve/", steps.approve, name="draft-approve"),
    path("drafts/<int:pk>/reject/", steps.reject, name="draft-reject"),
    path("drafts/<int:pk>/eml/", steps.eml, name="draft-eml"),
    path("drafts/<int:pk>/sent/", steps.sent, name="draft-sent"),
    path("accounts/<int:pk>/generate/", drafts.generate, name="generate"),
]
