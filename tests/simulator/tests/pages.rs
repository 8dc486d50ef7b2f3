//! The pages for people.

use serde_json::{Value, json};

use crate::client::{Client, scene};

#[tokio::test]
async fn a_page_shows_the_review_beside_the_code() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let body = json!({
        "name": "takehome", "head_sha": scene.head, "conclusion": "neutral",
        "actions": [{"label": "Look again", "description": "d", "identifier": "again"}],
        "output": {
            "title": "2 gaps", "summary": "| Level | What |\n|---|---|\n| 3 | Models |\n",
            "text": "<details><summary>More</summary>\n\n- [x] read\n\n</details>\n\n<script>alert(1)</script>",
            "annotations": [{
                "path": "notes/models.py", "start_line": 5, "end_line": 5, "annotation_level": "warning",
                "title": "DRF101 <b>", "message": "An unbounded \"text\" & more"
            }]
        }
    });
    let run = client
        .call("POST", "/repos/acme/notes/check-runs", body)
        .await
        .json();
    client
        .call(
            "POST",
            "/repos/acme/notes/issues/1/comments",
            json!({"body": "Thank you, @ada"}),
        )
        .await;
    let get = async |path: &str| {
        let url = format!("{}{path}", scene.github.web_url());
        let answer = client
            .send("GET", &url, "", Value::Null, &[])
            .await
            .unwrap();
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'")
                || path.ends_with("css")
        );
        String::from_utf8(answer.body).unwrap()
    };
    let page = get("/acme/notes/pull/1").await;
    for part in [
        "Add notes",
        "<span class=\"badge open\">Open</span>",
        "ada:solution",
        "<span class=\"badge neutral\">neutral</span>",
        "<td>3</td>",
        "<summary>More</summary>",
        "DRF101 &lt;b&gt;",
        "An unbounded &quot;text&quot; &amp; more",
        "<tr class=\"here\"><td class=\"at\">5</td>",
        "<span class=\"k\">class</span> Note",
        "<span class=\"mention\">@ada</span>",
        "takehome[bot]",
        "Look again",
    ] {
        assert!(page.contains(part), "{part} is not on the page:\n{page}");
    }
    assert!(!page.contains("<script"), "{page}");
    let files = get("/acme/notes/pull/1/files").await;
    assert!(
        files.contains("An unbounded &quot;text&quot;") && files.contains("<tr class=\"plus\">")
    );
    assert!(
        get(&format!("/acme/notes/runs/{}", run["id"]))
            .await
            .contains("2 gaps")
    );
    assert!(get("/").await.contains("acme/notes"));
    assert!(get("/acme").await.contains("acme/notes"));
    assert!(get("/acme/notes").await.contains("manage.py"));
    let blob = get(&format!("/acme/notes/blob/{}/notes/models.py", scene.head)).await;
    assert!(blob.contains("id=\"L4\""));
    assert!(
        get("/_simulator/style.css")
            .await
            .contains("prefers-color-scheme")
    );
    // Addresses in the API lead to these pages.
    let pull = client.get("/repos/acme/notes/pulls/1").await.json();
    assert_eq!(
        pull["html_url"],
        format!("{}/acme/notes/pull/1", scene.github.web_url())
    );
}
