use crate::django::Route;
use crate::django::routes::Target;
use crate::django::testing::{facts, route, shop};

fn labels(facts: &crate::facts::Facts) -> Vec<String> {
    facts.django.routes().iter().map(Route::label).collect()
}

const VIEWSET: &str = "
class OrderViewSet(viewsets.ModelViewSet):
    queryset = Order.objects.all()
    lookup_field = 'uid'
    @action(detail=True, methods=['post'], url_path='pay-now')
    def pay(self, request, uid=None):
        return Response()
    @pay.mapping.delete
    def unpay(self, request, uid=None):
        return Response()
    @action(detail=False)
    def mine(self, request):
        return Response()
";
const MODEL: &str = "
class Order(models.Model):
    title = models.CharField(max_length=9)
";

#[test]
fn routers_expand_as_drf_does() {
    let facts = shop(
        "",
        MODEL,
        VIEWSET,
        "router = DefaultRouter(trailing_slash=False)\nrouter.register('orders', OrderViewSet)\nurlpatterns = router.urls",
    );
    assert_eq!(
        labels(&facts),
        [
            "GET /api/orders",
            "POST /api/orders",
            "GET /api/orders/mine",
            "GET /api/orders/{uid}",
            "PUT /api/orders/{uid}",
            "PATCH /api/orders/{uid}",
            "DELETE /api/orders/{uid}",
            "POST /api/orders/{uid}/pay-now",
            "DELETE /api/orders/{uid}/pay-now",
        ]
    );
    let mine = route(&facts.django, "GET /api/orders/mine");
    assert_eq!(mine.name.as_deref(), Some("order-mine"));
    assert_eq!(mine.action.as_deref(), Some("mine"));
    assert_eq!(mine.detail, Some(false));
    let unpay = route(&facts.django, "DELETE /api/orders/{uid}/pay-now");
    assert_eq!(unpay.action.as_deref(), Some("unpay"));
    assert!(unpay.func.is_some());
}

#[test]
fn nested_routers_loops_and_extends() {
    let facts = shop(
        "",
        MODEL,
        VIEWSET,
        "
from rest_framework_nested.routers import NestedSimpleRouter
router = SimpleRouter()
for prefix, viewset in [('orders', OrderViewSet)]:
    router.register(prefix, viewset, basename='o')
items = NestedSimpleRouter(router, 'orders', lookup='order')
items.register('items', OrderViewSet, basename='items')
outer = SimpleRouter()
outer.registry.extend(router.registry)
urlpatterns = [path('', include(outer.urls)), path('', include(items.urls))]",
    );
    let all = labels(&facts);
    assert!(all.contains(&"GET /api/orders/".to_owned()), "{all:?}");
    assert!(
        all.contains(&"GET /api/orders/{order_uid}/items/{uid}/".to_owned()),
        "{all:?}"
    );
}

#[test]
fn every_form_of_view_and_include() {
    let facts = shop(
        "",
        MODEL,
        "
from django.views.decorators.csrf import csrf_exempt
class OrderList(generics.ListCreateAPIView):
    queryset = Order.objects.all()
class Ping(views.APIView):
    def get(self, request):
        return Response()
@api_view(['GET', 'POST'])
def hello(request):
    return Response()
def plain(request):
    if request.method == 'POST':
        return None
class OrderViewSet(viewsets.ModelViewSet):
    queryset = Order.objects.all()
order_list = OrderViewSet.as_view({'get': 'list'})
",
        "
from django.conf import settings
inner = [path('ping/', csrf_exempt(Ping.as_view()), name='ping')]
urlpatterns = [
    path('orders/', OrderList.as_view(), name='orders'),
    path('set/', order_list),
    path('v1/', include((inner, 'v1'), namespace='one')),
    re_path(r'^hello/(?P<name>\\w+)/$', views.hello),
    path('plain/', plain),
    path('auth/', include('djoser.urls.jwt')),
    path('token/', include('rest_framework.urls')),
]
if settings.DEBUG:
    urlpatterns += [path('debug/', hello)]
",
    );
    let django = &facts.django;
    let all = labels(&facts);
    for expected in [
        "GET /api/orders/",
        "POST /api/orders/",
        "GET /api/set/",
        "GET /api/v1/ping/",
        "GET /api/hello/{name}/",
        "POST /api/hello/{name}/",
        "POST /api/plain/",
        "POST /api/auth/jwt/create/",
        "GET /api/debug/",
    ] {
        assert!(all.contains(&expected.to_owned()), "{expected} in {all:?}");
    }
    assert_eq!(
        route(django, "GET /api/v1/ping/").name.as_deref(),
        Some("one:ping")
    );
    assert!(route(django, "GET /api/debug/").conditional);
    assert_eq!(
        route(django, "GET /api/orders/").action.as_deref(),
        Some("list")
    );
    assert!(django.routes().iter().all(|r| r.open.is_none()));
    assert!(
        django
            .patterns()
            .iter()
            .all(|p| !matches!(p.view, Target::Unknown(_)))
    );
}

#[test]
fn what_is_unknown_says_so_and_cycles_end() {
    let facts = facts([
        (
            "settings.py",
            "ROOT_URLCONF = 'urls'\nINSTALLED_APPS = []\n",
        ),
        (
            "urls.py",
            "from django.urls import path, include\nfrom nowhere import views\nfrom rest_framework.routers import SimpleRouter\nrouter = SimpleRouter()\nrouter.registry.extend(router.registry)\nurlpatterns = [path('a/', make_view()), path('b/', include('other')), path('c/', include('urls'))] + more\n",
        ),
        (
            "other.py",
            "from django.urls import path, include\nurlpatterns = [path('x/', include('urls'))]\n",
        ),
    ]);
    let django = &facts.django;
    assert!(django.routes().iter().any(|r| r.open.is_some()));
    assert!(!django.notes().is_empty());
}
