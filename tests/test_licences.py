from tests.licences import installed, licence


def test_everything_that_is_installed_may_be_used_and_passed_on():
    packages = {package.metadata["Name"].lower(): licence(package) for package in installed()}
    assert {"gradio", "torch", "numpy", "plotly", "pillow", "safetensors", "constriction", "starlette"} <= packages.keys()
    assert [name for name, words in packages.items() if "GPL" in words or "GNU" in words or words == "not said"] == []
