"""How templates write figures."""

from django import template

register = template.Library()
