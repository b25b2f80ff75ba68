"""Other people's tokenizers and token files, opened in the page."""

from tests.vqgan import small_vqgan_folder


def open_tab(bench):
    bench.page.get_by_role("tab", name="Models").click()
    return bench.page.locator("#models-answer textarea")


def test_a_dropped_folder_tokenizes_what_is_on_the_stage_and_is_edited_whole(bench, tmp_path):
    answer = open_tab(bench)
    bench.page.locator("#models-folder input[type=file]").set_input_files(str(small_vqgan_folder(tmp_path / "vqvae")))
    bench.wait_for_size("32 × 22 tokens")  # 256 pixels wide
    assert "40 codes" in answer.input_value()
    assert bench.page.get_by_text("each edit decodes the whole picture", exact=False).first.is_visible()
    before = bench.pixels()
    bench.choose((int(bench.tokens()[14, 4]) + 1) % 40)
    bench.use("paint")
    bench.page.evaluate("scrollTo(0, 0)")
    bench.click_token(14, 4)
    after = bench.pixels()
    assert (before != after).any(axis=2).mean() > 0.5
    assert bench.document()["model"].startswith("dropped-")


def test_what_can_not_be_opened_says_why(bench, tmp_path):
    answer = open_tab(bench)
    bench.page.locator("#models-hub input, #models-hub textarea").fill("<img src=x onerror=alert(1)>")
    bench.page.locator("#models-fetch").get_by_role("button", name="Open it").click()
    bench.page.wait_for_function("() => document.querySelector('#models-answer textarea').value.includes('OWNER/NAME')")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "last.ckpt").write_bytes(b"pickle")
    bench.page.locator("#models-folder input[type=file]").set_input_files(str(tmp_path / "empty"))
    bench.page.wait_for_function("() => document.querySelector('#models-answer textarea').value.includes('no config.json')")
    assert answer.is_visible() and bench.document()["model"] == "tiny"


def test_the_page_s_own_models_say_what_they_are_and_tokenize_with_a_click(bench):
    open_tab(bench)
    bench.page.locator("#models-own [data-use-model=tiny][aria-pressed=true]").wait_for()
    cards = bench.page.locator("#models-own li")
    assert cards.first.locator("b").inner_text() == "tiny"
    small = cards.filter(has=bench.page.locator("[data-use-model=photos-small]"))
    assert "512 codes instead of 4,096" in small.inner_text()
    assert small.locator("dd").all_inner_texts() == ["512", "8 × 8", "8.2 MB", "apache-2.0"]
    small.locator("[data-use-model]").click()
    bench.page.wait_for_function("window.canvas.picture.codebook.model === 'photos-small' && scrollY < 100")
    bench.page.wait_for_function("location.search.includes('model=photos-small')")
    offered = bench.page.locator(".models [data-offered] li")
    assert offered.count() == 3 and "amused/amused-512/vqvae" in offered.first.inner_text()
    small.get_by_role("button", name="Compare with tiny").click()
    bench.page.wait_for_function(
        "String([...document.querySelectorAll('#comparison li.row h3')].map((title) => title.textContent)) === 'tiny,photos-small'"
    )
    bench.page.locator("#comparison li.row", has_text="photos-small").locator("dd").first.wait_for()


def test_a_token_file_is_saved_and_opened_again(bench):
    tokens, data = bench.tokens(), bench.save("vqt")
    assert data.startswith(b"VQT") and len(data) < 1700
    bench.open("again.vqt", data)
    bench.page.locator(".frames > *").nth(1).wait_for()
    assert (bench.tokens() == tokens).all() and bench.document()["name"] == "again"
    bench.open("broken.VQT", data[:-5])
    assert "cut short or damaged" in bench.message()
