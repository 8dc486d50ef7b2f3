use super::{Anonymous, Source};
use crate::django::testing::{route, shop};

const MODEL: &str = "
class Order(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
";
const URLS: &str =
    "router = DefaultRouter()\nrouter.register('orders', OrderViewSet)\nurlpatterns = router.urls";

#[test]
fn settings_class_and_action_in_drfs_order() {
    let facts = shop(
        "REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticated'], 'DEFAULT_PAGINATION_CLASS': 'rest_framework.pagination.PageNumberPagination', 'PAGE_SIZE': 25, 'DEFAULT_THROTTLE_CLASSES': ['rest_framework.throttling.AnonRateThrottle']}",
        MODEL,
        "
class Base:
    permission_classes: list = (permissions.IsAuthenticatedOrReadOnly,)
class OrderViewSet(Base, viewsets.ModelViewSet):
    queryset = Order.objects.all()
    @action(detail=False, methods=['post'], permission_classes=[permissions.AllowAny])
    def open(self, request):
        return Response()
class Other(generics.ListAPIView):
    queryset = Order.objects.all()
    pagination_class = None
",
        &format!("{URLS} + [path('other/', Other.as_view())]"),
    );
    let django = &facts.django;
    let list = route(django, "GET /api/orders/");
    assert_eq!(list.permission().anonymous(), Anonymous::Allow);
    assert!(
        matches!(list.permission().source(), Some(Source::ClassAttribute(c)) if c.name() == "Base")
    );
    assert_eq!(list.policy.pagination.page_size, Some(25));
    assert_eq!(list.policy.pagination.applied, Some(true));
    assert_eq!(
        list.policy.throttle.includes("AnonRateThrottle"),
        Some(true)
    );
    assert_eq!(
        route(django, "POST /api/orders/").permission().anonymous(),
        Anonymous::Deny
    );
    let open = route(django, "POST /api/orders/open/");
    assert_eq!(open.permission().source(), Some(&Source::ActionDecorator));
    assert_eq!(open.permission().anonymous(), Anonymous::Allow);
    let other = route(django, "GET /api/other/");
    assert!(matches!(
        other.permission().source(),
        Some(Source::Settings(_))
    ));
    assert_eq!(other.permission().anonymous(), Anonymous::Deny);
    assert!(other.policy.pagination.part.is_empty());
}

#[test]
fn get_permissions_for_each_action() {
    let facts = shop(
        "",
        MODEL,
        "
class OrderViewSet(viewsets.ModelViewSet):
    queryset = Order.objects.all()
    permission_classes = [permissions.IsAdminUser]
    def get_permissions(self):
        if self.action in ('list', 'retrieve'):
            return [permissions.AllowAny()]
        if self.action == 'create':
            self.permission_classes = [permissions.IsAuthenticated]
        return super().get_permissions()
class ByMap(viewsets.ModelViewSet):
    queryset = Order.objects.all()
    per_action = {'list': [permissions.AllowAny], 'create': [permissions.IsAuthenticated]}
    def get_permissions(self):
        try:
            return [p() for p in self.per_action[self.action]]
        except KeyError:
            return [permissions.IsAdminUser()]
class ByMethod(views.APIView):
    def get_permissions(self):
        if self.request.method in permissions.SAFE_METHODS:
            classes = []
        else:
            classes = [permissions.IsAuthenticated & ~permissions.IsAdminUser]
        return [c() for c in classes]
    def get(self, request):
        return Response()
    def post(self, request):
        return Response()
",
        &format!(
            "{URLS} + [path('m/', ByMethod.as_view())]\nrouter.register('maps', ByMap, basename='maps')"
        ),
    );
    let django = &facts.django;
    let words = |label: &str| {
        let permission = route(django, label).permission();
        (
            permission.words(),
            permission.anonymous(),
            permission.needs_staff(),
        )
    };
    use Anonymous::{Allow, Deny};
    assert_eq!(
        words("GET /api/orders/"),
        ("AllowAny".into(), Allow, Some(false))
    );
    assert_eq!(
        words("POST /api/orders/"),
        ("IsAuthenticated".into(), Deny, Some(false))
    );
    assert_eq!(
        words("DELETE /api/orders/{pk}/"),
        ("IsAdminUser".into(), Deny, Some(true))
    );
    assert_eq!(words("GET /api/maps/").0, "AllowAny");
    assert_eq!(words("POST /api/maps/").0, "IsAuthenticated");
    assert_eq!(words("PUT /api/maps/{pk}/").0, "IsAdminUser");
    assert_eq!(words("GET /api/m/"), ("none".into(), Allow, Some(false)));
    assert_eq!(words("POST /api/m/").0, "(IsAuthenticated & ~IsAdminUser)");
}

#[test]
fn project_permissions_are_evaluated_for_the_caller() {
    let facts = shop(
        "",
        MODEL,
        "
class IsManager(permissions.BasePermission):
    def has_permission(self, request, view):
        return bool(request.user and request.user.is_authenticated and request.user.role == 'manager')
class IsOwner(permissions.BasePermission):
    def has_object_permission(self, request, view, obj):
        return obj.owner == request.user
class ReadOnlyOrUser(permissions.IsAuthenticated):
    def has_permission(self, request, view):
        if request.method in permissions.SAFE_METHODS:
            return True
        return super().has_permission(request, view)
class ByAction(permissions.BasePermission):
    def has_permission(self, request, view):
        if view.action == 'list':
            return True
        return not request.user.is_anonymous
class Opaque(permissions.BasePermission):
    def has_permission(self, request, view):
        return check(request)
def viewset(cls):
    return cls
class A(viewsets.ModelViewSet):
    queryset = Order.objects.all()
    permission_classes = [IsManager, IsOwner]
class B(viewsets.ModelViewSet):
    queryset = Order.objects.all()
    permission_classes = [IsOwner]
class C(viewsets.ModelViewSet):
    queryset = Order.objects.all()
    permission_classes = [ReadOnlyOrUser]
class D(viewsets.ModelViewSet):
    queryset = Order.objects.all()
    permission_classes = [ByAction]
class E(viewsets.ModelViewSet):
    queryset = Order.objects.all()
    permission_classes = [Opaque]
",
        "router = SimpleRouter()\nfor n, v in (('a', A), ('b', B), ('c', C), ('d', D), ('e', E)):\n    router.register(n, v, basename=n)\nurlpatterns = router.urls",
    );
    let django = &facts.django;
    let anonymous = |label: &str| route(django, label).permission().anonymous();
    use Anonymous::{Allow, Deny, Unknown};
    assert_eq!(anonymous("GET /api/a/"), Deny);
    assert_eq!(
        route(django, "GET /api/a/").permission().needs_staff(),
        Some(true)
    );
    assert_eq!(anonymous("POST /api/b/"), Allow);
    let owner = &route(django, "POST /api/b/").permission().classes()[0].clone();
    assert_eq!(owner.object_level, Some(true));
    assert_eq!(owner.request_level, Some(false));
    assert_eq!(owner.object_compares_user, Some(true));
    assert_eq!(
        (anonymous("GET /api/c/"), anonymous("POST /api/c/")),
        (Allow, Deny)
    );
    assert_eq!(
        (anonymous("GET /api/d/"), anonymous("POST /api/d/")),
        (Allow, Deny)
    );
    assert_eq!(anonymous("GET /api/e/"), Unknown);
    let manager = &route(django, "GET /api/a/").permission().classes()[0].clone();
    assert_eq!(
        manager.user_attrs.iter().map(|a| &**a).collect::<Vec<_>>(),
        ["role"]
    );
}

#[test]
fn decorators_of_function_views_and_their_order() {
    let facts = shop(
        "",
        MODEL,
        "
@api_view(['POST'])
@permission_classes([permissions.IsAuthenticated])
def closed(request):
    return Response()
@permission_classes([permissions.IsAuthenticated])
@api_view(['POST'])
def wrong(request):
    return Response()
",
        "urlpatterns = [path('closed/', closed), path('wrong/', wrong)]",
    );
    let django = &facts.django;
    let closed = route(django, "POST /api/closed/").permission();
    assert_eq!(
        (closed.anonymous(), closed.source()),
        (Anonymous::Deny, Some(&Source::Decorator))
    );
    let wrong = route(django, "POST /api/wrong/").permission();
    assert_eq!(wrong.source(), Some(&Source::FrameworkDefault));
}

#[test]
fn open_settings_leave_the_policy_unknown() {
    let facts = shop(
        "from company.defaults import REST_FRAMEWORK",
        MODEL,
        "
class OrderViewSet(viewsets.ModelViewSet):
    queryset = Order.objects.all()
",
        URLS,
    );
    let list = route(&facts.django, "GET /api/orders/");
    assert_eq!(list.permission().anonymous(), Anonymous::Unknown);
    assert!(list.permission().open.is_some());
}

#[test]
fn an_overridden_action_is_the_handler_of_a_generic_view() {
    let facts = shop(
        "REST_FRAMEWORK = {'DEFAULT_PAGINATION_CLASS': 'rest_framework.pagination.PageNumberPagination', 'PAGE_SIZE': 25}",
        MODEL,
        "
class Change(generics.RetrieveUpdateAPIView):
    queryset = Order.objects.all()
    def update(self, request, *args, **kwargs):
        return Response()
class Listing(generics.ListAPIView):
    queryset = Order.objects.all()
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)
",
        "urlpatterns = [path('orders/<int:pk>/', Change.as_view()), path('orders/', Listing.as_view())]",
    );
    let name = |label: &str| {
        let func = route(&facts.django, label).func?;
        Some(facts.program.func_def(func).name.to_string())
    };
    assert_eq!(name("GET /api/orders/{pk}/"), None);
    assert_eq!(name("PUT /api/orders/{pk}/").as_deref(), Some("update"));
    assert_eq!(name("PATCH /api/orders/{pk}/").as_deref(), Some("update"));
    let listing = route(&facts.django, "GET /api/orders/");
    assert_eq!(listing.policy.pagination.applied, Some(true));
}
