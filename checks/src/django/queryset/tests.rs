use super::Taint;
use crate::django::testing::{route, shop};

const MODEL: &str = "
from django.contrib.auth.models import User
class OrderQuerySet(models.QuerySet):
    def of(self, user):
        return self.filter(owner=user)
class Shop(models.Model):
    name = models.CharField(max_length=9)
class Order(models.Model):
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name='orders')
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE)
    tags = models.ManyToManyField(Shop, related_name='+')
    objects = OrderQuerySet.as_manager()
";

fn scoped(body: &str) -> Option<bool> {
    let facts = shop(
        "",
        MODEL,
        &format!(
            "class OrderViewSet(viewsets.ModelViewSet):\n    queryset = Order.objects.all()\n{body}"
        ),
        "router = SimpleRouter()\nrouter.register('orders', OrderViewSet)\nurlpatterns = router.urls",
    );
    let list = route(&facts.django, "GET /api/orders/");
    list.queryset.as_ref().and_then(super::QsIr::is_user_scoped)
}

#[test]
fn scoping_to_the_caller_in_all_its_forms() {
    assert_eq!(scoped("    pass\n"), Some(false));
    for body in [
        "    def get_queryset(self):\n        return Order.objects.filter(owner=self.request.user)\n",
        "    def get_queryset(self):\n        user = self.request.user\n        return super().get_queryset().filter(owner_id=user.id)\n",
        "    def get_queryset(self):\n        return self.request.user.orders.all()\n",
        "    def get_queryset(self):\n        return Order.objects.of(self.request.user)\n",
        "    def get_queryset(self):\n        qs = Order.objects.all()\n        if self.request.user.is_staff:\n            return qs\n        return qs.filter(owner=self.request.user)\n",
        "    def get_queryset(self):\n        qs = self.queryset\n        if not self.request.user.is_superuser:\n            qs = qs.filter(owner=self.request.user)\n        return qs\n",
        "    def get_queryset(self):\n        if getattr(self, 'swagger_fake_view', False):\n            return Order.objects.none()\n        return Order.objects.filter(Q(owner=self.request.user) | Q(shop__order__owner=self.request.user))\n",
    ] {
        assert_eq!(scoped(body), Some(true), "{body}");
    }
    for body in [
        "    def get_queryset(self):\n        return Order.objects.filter(shop=self.kwargs['pk'])\n",
        "    def get_queryset(self):\n        return Order.objects.filter(Q(owner=self.request.user) | Q(shop__name='x'))\n",
        "    def get_queryset(self):\n        return Order.objects.exclude(owner=self.request.user)\n",
        "    def get_queryset(self):\n        if self.action == 'list':\n            return Order.objects.all()\n        return Order.objects.filter(owner=self.request.user)\n",
    ] {
        assert_eq!(scoped(body), Some(false), "{body}");
    }
}

#[test]
fn eager_loading_per_action() {
    let facts = shop(
        "",
        MODEL,
        "
class OrderViewSet(viewsets.ModelViewSet):
    queryset = Order.objects.select_related('shop')
    def get_queryset(self):
        qs = super().get_queryset()
        if self.action == 'list':
            qs = qs.prefetch_related('tags', Prefetch('owner__orders', queryset=Order.objects.select_related('shop'))).order_by('-id')
        return qs
",
        "router = SimpleRouter()\nrouter.register('orders', OrderViewSet)\nurlpatterns = router.urls",
    );
    let list = route(&facts.django, "GET /api/orders/")
        .queryset
        .clone()
        .unwrap();
    for path in [
        "shop",
        "tags",
        "owner",
        "owner__orders",
        "owner__orders__shop",
    ] {
        assert!(list.covers(path), "{path}");
    }
    assert!(!list.covers("shop__owner"));
    assert_eq!(list.ordering.as_deref().unwrap()[0].as_ref(), "-id");
    let one = route(&facts.django, "GET /api/orders/{pk}/")
        .queryset
        .clone()
        .unwrap();
    assert!(one.covers("shop") && !one.covers("tags"));
}

#[test]
fn rows_of_handlers_without_a_queryset() {
    let facts = shop(
        "",
        MODEL,
        "
def orders_for(user):
    return Order.objects.filter(owner=user)
class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ['id']
class Mine(views.APIView):
    def get(self, request):
        return Response(OrderSerializer(orders_for(request.user), many=True).data)
class One(views.APIView):
    def get(self, request, pk):
        order = get_object_or_404(Order, pk=pk)
        return Response(OrderSerializer(order).data)
class OneMine(views.APIView):
    def delete(self, request, pk):
        order = get_object_or_404(Order, pk=pk, owner=request.user)
        order.delete()
        return Response(status=204)
",
        "urlpatterns = [path('mine/', Mine.as_view()), path('o/<int:pk>/', One.as_view()), path('m/<int:pk>/', OneMine.as_view())]",
    );
    let django = &facts.django;
    let mine = route(django, "GET /api/mine/");
    assert_eq!(mine.queryset.as_ref().unwrap().is_user_scoped(), Some(true));
    assert!(mine.is_list());
    let one = route(django, "GET /api/o/{pk}/").queryset.clone().unwrap();
    assert_eq!(one.is_user_scoped(), Some(false));
    assert_eq!(one.conditions[0].value, Taint::Url);
    let own = route(django, "DELETE /api/m/{pk}/")
        .queryset
        .clone()
        .unwrap();
    assert_eq!(own.is_user_scoped(), Some(true));
}
