"""The table of contents of the whole site."""

from django.urls import path

from aspire import views

urlpatterns = [path("healthz", views.healthz, name="healthz")]
