from docs.generate import README, generated


def test_the_readme_says_what_the_code_says() -> None:
    text = README.read_text(encoding="utf-8")
    assert generated(text) == text, "run `make docs`"
