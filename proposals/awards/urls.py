"""``/awards/``: ranking and marking, what if, packets and letters."""

from django.urls import path

from proposals.awards import views

app_name = "awards"
urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:code>/", views.ranking, name="ranking"),
    path("<slug:code>/proposals/<slug:number>/", views.proposal, name="proposal"),
    path("<slug:code>/batch/", views.batch, name="batch"),
    path("<slug:code>/what-if/", views.what_if, name="what_if"),
    # Release
    path("<slug:code>/packet/", views.packet, name="packet"),
    path("<slug:code>/packet/submit/", views.submit, name="submit"),
    path("<slug:code>/packet/release/", views.release, name="release"),
    path("<slug:code>/packet/send-back/", views.send_back, name="send_back"),
    path("<slug:code>/embargo/", views.embargo, name="embargo"),
    path("<slug:code>/packets/<int:pk>/undo/", views.undo, name="undo"),
    path("<slug:code>/letters.<str:form>", views.letters, name="letters"),
]
