use crate::django::testing::{serializer, shop};

const MODEL: &str = "
from django.contrib.auth.models import User
class Author(models.Model):
    name = models.CharField(max_length=9)
    city = models.ForeignKey('City', on_delete=models.CASCADE)
    def __str__(self):
        return self.city.name
class City(models.Model):
    name = models.CharField(max_length=9)
class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name='books')
    tags = models.ManyToManyField(City)
    title = models.CharField(max_length=9)
    @property
    def heading(self):
        return f'{self.author.name}: {self.title}'
class Review(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name='reviews')
";

/// `path`, with `!` where a query runs whatever is loaded.
fn needs(body: &str) -> Vec<String> {
    let facts = shop("", MODEL, body, "urlpatterns = []");
    let s = serializer(&facts.django, "S");
    let needs = facts.django.needs(s.id).unwrap();
    let mut out: Vec<String> = needs
        .needs
        .iter()
        .map(|n| {
            let always = if n.always_query.is_some() { "!" } else { "" };
            format!("{}{always}", n.path)
        })
        .collect();
    out.dedup();
    out
}

fn book(fields: &str, declared: &str) -> Vec<String> {
    needs(&format!(
        "class CitySerializer(serializers.ModelSerializer):\n    class Meta:\n        model = City\n        fields = ['name']\nclass AuthorSerializer(serializers.ModelSerializer):\n    city = CitySerializer()\n    class Meta:\n        model = Author\n        fields = ['name', 'city']\nclass S(serializers.ModelSerializer):\n{declared}\n    class Meta:\n        model = Book\n        fields = [{fields}]\n"
    ))
}

#[test]
fn what_costs_a_query_for_each_row() {
    let none: [&str; 0] = [];
    assert_eq!(book("'title', 'author'", ""), none);
    assert_eq!(
        book(
            "'x'",
            "    x = serializers.IntegerField(source='author_id')"
        ),
        none
    );
    assert_eq!(book("'tags', 'reviews'", ""), ["reviews", "tags"]);
    assert_eq!(
        book("'author'", "    author = AuthorSerializer(read_only=True)"),
        ["author", "author__city"]
    );
    assert_eq!(
        book("'author'", "    author = serializers.StringRelatedField()"),
        ["author", "author__city"]
    );
    assert_eq!(
        book("'a'", "    a = serializers.CharField(source='author.name')"),
        ["author"]
    );
    assert_eq!(book("'heading'", ""), ["author"]);
}

#[test]
fn methods_are_read() {
    let method = |body: &str| {
        book(
            "'m'",
            &format!(
                "    m = serializers.SerializerMethodField()\n    def get_m(self, obj):\n        {body}"
            ),
        )
    };
    let none: [&str; 0] = [];
    assert_eq!(method("return obj.author_id"), none);
    assert_eq!(
        method("return obj.author.city.name"),
        ["author", "author__city"]
    );
    assert_eq!(method("return obj.reviews.count()"), ["reviews"]);
    assert_eq!(
        method("return [r.id for r in obj.reviews.all()]"),
        ["reviews"]
    );
    assert_eq!(
        method("return obj.reviews.filter(id=1).exists()"),
        ["reviews!"]
    );
    assert_eq!(
        method("return Review.objects.filter(book=obj).count()"),
        ["!"]
    );
    assert_eq!(
        method("return AuthorSerializer(obj.author).data"),
        ["author", "author__city"]
    );
    assert_eq!(method("a = obj.author\n        return a.name"), ["author"]);
}

#[test]
fn depth_and_cycles() {
    assert_eq!(
        needs(
            "class S(serializers.ModelSerializer):\n    class Meta:\n        model = Book\n        fields = ['author', 'tags']\n        depth = 1\n"
        ),
        ["author", "tags"]
    );
    assert_eq!(
        needs(
            "class S(serializers.ModelSerializer):\n    class Meta:\n        model = Book\n        fields = ['author']\n        depth = 2\n"
        ),
        ["author", "author__city"]
    );
}

#[test]
fn rows_know_where_they_came_from() {
    let nested = "class ReviewSerializer(serializers.ModelSerializer):\n    book = serializers.StringRelatedField()\n    class Meta:\n        model = Review\n        fields = ['book']\nclass S(serializers.ModelSerializer):\n    reviews = ReviewSerializer(many=True)\n    class Meta:\n        model = Book\n        fields = ['reviews']\n";
    assert_eq!(needs(nested), ["reviews"]);
}
