"""The site, and a page with nothing on it but what stands on every page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from aspire.urls import handler400, handler403, handler404, handler500
from aspire.urls import urlpatterns as site

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def base(request: HttpRequest) -> HttpResponse:
    return render(request, "base.html")


urlpatterns = [*site, path("base/", base, name="bench_base")]
