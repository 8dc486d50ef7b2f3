use super::{FieldOrigin, MetaFields};
use crate::django::testing::{serializer, shop};

const MODELS: &str = "
from django.contrib.auth.models import User
class Shop(models.Model):
    name = models.CharField(max_length=50)
class Order(models.Model):
    owner = models.ForeignKey(User, on_delete=models.CASCADE)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, null=True, related_name='orders')
    title = models.CharField(max_length=50)
    note = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    secret = models.CharField(max_length=9, editable=False)
    @property
    def label(self):
        return self.title
";

fn names<'a>(fields: impl Iterator<Item = &'a super::SerializerField>) -> Vec<&'a str> {
    fields.map(|f| &*f.name).collect()
}

#[test]
fn all_fields_with_drfs_own_rules() {
    let facts = shop(
        "",
        MODELS,
        "
class OrderSerializer(serializers.ModelSerializer):
    shop_name = serializers.CharField(source='shop.name', read_only=True)
    class Meta:
        model = Order
        fields = '__all__'
        read_only_fields = ['owner', 'shop_name']
        extra_kwargs = {'note': {'write_only': True}}
",
        "urlpatterns = []",
    );
    let s = serializer(&facts.django, "OrderSerializer");
    assert_eq!(s.meta, MetaFields::All);
    assert_eq!(
        names(s.fields.iter()),
        [
            "id",
            "shop_name",
            "title",
            "note",
            "created",
            "secret",
            "owner",
            "shop"
        ]
    );
    assert_eq!(names(s.input_fields()), ["title", "note", "shop"]);
    assert!(!names(s.output_fields()).contains(&"note"));
    assert_eq!(s.field("title").unwrap().required, Some(true));
    assert_eq!(s.field("shop").unwrap().required, Some(false));
    assert!(s.is_closed());
}

#[test]
fn names_declared_fields_properties_and_reverse_accessors() {
    let facts = shop(
        "",
        MODELS,
        "
class BaseSerializer(serializers.ModelSerializer):
    extra = serializers.SerializerMethodField()
    class Meta:
        model = Shop
        fields = ['id', 'extra']
    def get_extra(self, obj):
        return 1

class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ('id', 'label', 'titel', 'owner')

class ShopSerializer(BaseSerializer):
    orders = OrderSerializer(many=True, read_only=True)
    class Meta(BaseSerializer.Meta):
        fields = BaseSerializer.Meta.fields + ['orders']

class PlainShopSerializer(serializers.ModelSerializer):
    class Meta:
        model = Shop
        fields = ['orders']
",
        "urlpatterns = []",
    );
    let django = &facts.django;
    let order = serializer(django, "OrderSerializer");
    assert_eq!(order.field("label").unwrap().origin, FieldOrigin::Property);
    assert_eq!(
        order.field("titel").unwrap().origin,
        FieldOrigin::Unresolved
    );
    let shop = serializer(django, "ShopSerializer");
    assert_eq!(names(shop.fields.iter()), ["id", "extra", "orders"]);
    assert_eq!(shop.field("orders").unwrap().nested, Some(order.id));
    assert!(shop.field("extra").unwrap().method.is_some());
    assert_eq!(names(shop.input_fields()), Vec::<&str>::new());
    // A reverse accessor in `fields` is writable: DRF builds a related field over the manager.
    let plain = serializer(django, "PlainShopSerializer");
    let reverse = plain.field("orders").unwrap();
    assert_eq!(reverse.origin, FieldOrigin::ReverseRelation);
    assert_eq!(reverse.read_only, Some(false));
    assert!(reverse.many);
}

#[test]
fn what_init_does_to_the_fields() {
    let facts = shop(
        "",
        MODELS,
        "
class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ['id', 'title', 'note']
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields['title'].read_only = True
        self.fields.pop('note')

class DynamicSerializer(OrderSerializer):
    def __init__(self, *args, fields=None, **kwargs):
        super().__init__(*args, **kwargs)
        if fields:
            for name in set(self.fields) - set(fields):
                self.fields.pop(name)

class ComputedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = [f.name for f in Order._meta.fields]
",
        "urlpatterns = []",
    );
    let django = &facts.django;
    let s = serializer(django, "OrderSerializer");
    assert_eq!(names(s.fields.iter()), ["id", "title"]);
    assert_eq!(s.field("title").unwrap().read_only, Some(true));
    assert!(s.is_closed());
    assert!(serializer(django, "DynamicSerializer").dynamic.is_some());
    let computed = serializer(django, "ComputedSerializer");
    assert!(matches!(computed.meta, MetaFields::Unknown(_)));
    assert!(!computed.is_closed());
}
