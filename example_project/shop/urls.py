from __future__ import annotations

from django.urls import path

from shop import views

urlpatterns = [
    path("", views.shop, name="shop"),
    path("orders/", views.orders, name="orders"),
    path("takings/", views.takings, name="takings"),
    path("<int:pk>/buy/", views.buy, name="buy"),
]
