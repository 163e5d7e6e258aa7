"""Pages that use ``request.user`` as any Django site does."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from django_ory_mfa.decorators import aal_exempt, aal_required
from shop.models import Order, Product


@aal_exempt
def shop(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/shop.html", {"products": Product.objects.all()})


@aal_required("aal1")
@require_POST
def buy(request: HttpRequest, pk: int) -> HttpResponse:
    Order.objects.create(customer_id=request.user.pk, product=get_object_or_404(Product, pk=pk))
    return redirect("orders")


@aal_required("aal1")
def orders(request: HttpRequest) -> HttpResponse:
    placed = Order.objects.filter(customer_id=request.user.pk).select_related("product")
    return render(request, "shop/orders.html", {"orders": placed})


# The level comes first: who needs a second factor is not told yet what else is missing.
@aal_required
@permission_required("shop.view_order")
def takings(request: HttpRequest) -> HttpResponse:
    kept = Order.objects.filter(is_refunded=False)
    return render(request, "shop/takings.html", kept.aggregate(count=Count("pk"), total=Sum("product__price")))
