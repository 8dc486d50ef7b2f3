use super::WriteKind;
use crate::django::queryset::Taint;
use crate::django::testing::{function, shop};

const MODEL: &str = "
from django.contrib.auth.models import User
class Product(models.Model):
    stock = models.IntegerField(default=0)
    sku = models.CharField(max_length=9)
    def take(self, n):
        self.stock -= n
        self.save(update_fields=['stock'])
class Order(models.Model):
    owner = models.ForeignKey(User, on_delete=models.CASCADE)
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
";

#[test]
fn read_modify_write_and_what_makes_it_safe() {
    let facts = shop(
        "",
        MODEL,
        "
def racy(request, pk):
    product = Product.objects.get(pk=pk)
    if product.stock < 1:
        return Response(status=400)
    product.stock = product.stock - 1
    product.save()
    return Response()
def computed(pk):
    product = Product.objects.get(pk=pk)
    left = product.stock - 1
    product.stock = left
    product.save()
@transaction.atomic
def locked(pk):
    product = Product.objects.select_for_update().get(pk=pk)
    product.stock -= 1
    product.save()
def by_database(pk):
    product = Product.objects.get(pk=pk)
    product.stock = F('stock') - 1
    product.save()
def conditional(pk):
    Product.objects.filter(pk=pk, stock__gte=1).update(stock=F('stock') - 1)
",
        "urlpatterns = []",
    );
    let racy = &function(&facts, "views.racy").races;
    assert_eq!(racy.len(), 1, "{racy:?}");
    assert_eq!((racy[0].field.as_ref(), racy[0].locked), ("stock", false));
    assert!(racy[0].fetch.is_some());
    assert_eq!(function(&facts, "views.computed").races.len(), 1);
    assert!(function(&facts, "views.locked").races[0].locked);
    assert!(
        function(&facts, "views.by_database")
            .races
            .iter()
            .all(|r| r.by_database)
    );
    let conditional = function(&facts, "views.conditional");
    assert!(conditional.races.is_empty());
    assert_eq!(conditional.writes[0].f_expressions[0].as_ref(), "stock");
    assert_eq!(function(&facts, "Product.take").races.len(), 1);
}

#[test]
fn writes_regions_reads_and_answers() {
    let facts = shop(
        "",
        MODEL,
        "
import requests
import logging
from django.core.cache import cache
logger = logging.getLogger(__name__)
class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ['id', 'product']
class OrderView(views.APIView):
    def post(self, request):
        serializer = OrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        name = request.data['name']
        count = int(request.query_params.get('n'))
        if Product.objects.filter(sku=name).exists():
            return Response({'error': 'exists'}, status=status.HTTP_409_CONFLICT)
        with transaction.atomic():
            product = Product.objects.create(sku=name, **request.data)
            order = serializer.save(owner=request.user)
        requests.post('https://x', json={})
        for p in Product.objects.all():
            p.delete()
        try:
            cache.set(f'o-{request.user.id}', 1)
        except Exception as e:
            return Response({'detail': str(e)}, status=500)
        return Response(serializer.data, status=201)
    def delete(self, request, pk):
        order = Order.objects.get(pk=pk)
        if order.owner != request.user:
            return Response(status=403)
        order.delete()
def nothing(x):
    try:
        return int(x)
    except Exception:
        pass
",
        "urlpatterns = []",
    );
    let post = function(&facts, "OrderView.post");
    let kinds: Vec<WriteKind> = post.writes.iter().map(|w| w.kind).collect();
    assert_eq!(
        kinds,
        [
            WriteKind::Create,
            WriteKind::SerializerSave,
            WriteKind::Delete
        ]
    );
    assert!(post.writes[0].in_atomic && post.writes[0].spreads_request);
    assert!(post.writes[2].in_loop.is_some());
    assert_eq!(post.atomic.len(), 1);
    assert_eq!(post.check_then_create[0].fields[0].as_ref(), "sku");
    assert_eq!(post.external[0].callee.as_ref(), "requests.post");
    assert!(!post.external[0].in_atomic);
    let statuses: Vec<_> = post.responses.iter().map(|r| r.status).collect();
    assert_eq!(statuses, [Some(409), Some(500), Some(201)]);
    assert_eq!(post.responses[0].keys[0].as_ref(), "error");
    assert_eq!(post.responses[2].serializer_part.as_deref(), Some("data"));
    assert!(post.excepts[0].broad && post.excepts[0].leaks_text.is_some());
    assert!(post.cache[0].names_user);
    let read = &post.request_reads;
    assert!(
        read.iter()
            .any(|r| r.subscript && r.key.as_deref() == Some("name") && !r.guarded)
    );
    assert!(
        read.iter()
            .any(|r| r.from == Taint::Query && r.converted_by.as_deref() == Some("int"))
    );
    let serializer = &post.serializers[0];
    assert!(serializer.is_valid.unwrap().raises && serializer.saved.is_some());
    assert!(serializer.save_kwargs.has("owner") && serializer.reads_data);

    let delete = function(&facts, "OrderView.delete");
    assert_eq!(delete.guards[0].attribute.as_ref(), "owner");
    assert!(delete.exits_without_value.is_some());
    assert!(!delete.queries[0].guarded && !delete.queries[0].or_404);
    let nothing = function(&facts, "views.nothing");
    assert!(nothing.excepts[0].swallows);
    assert!(nothing.exits_without_value.is_some());
}

#[test]
fn effects_follow_calls_and_end_in_cycles() {
    let facts = shop(
        "",
        MODEL,
        "
class Service:
    def run(self, user):
        return self.step(user)
    def step(self, user):
        Order.objects.create(owner=user)
        return self.run(user)
class V(views.APIView):
    def post(self, request):
        Service().run(request.user)
        return Response()
",
        "urlpatterns = [path('v/', V.as_view())]",
    );
    let post = function(&facts, "V.post");
    let all = facts.django.effects(post.func);
    let names: Vec<&str> = all
        .iter()
        .map(|f| f.fq.rsplit('.').next().unwrap())
        .collect();
    assert_eq!(names, ["post", "run", "step"]);
    assert!(all.iter().any(|f| !f.writes.is_empty()));
}
