"""Plotly figures: data in, figure out. Colours that follow the theme are set in style.css."""

import base64
import io
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from PIL import Image
from plotly.subplots import make_subplots

PICTURE = "#3b6cf6"
TRAINING = "#8b8f98"
DISTANCES = [[0, "#fff6d8"], [0.25, "#f5b95a"], [0.5, "#d9604c"], [0.75, "#80266b"], [1, "#170b34"]]
STRIP = 0.035
"""How thick the strip of codes beside a heat map is, as a share of its side."""


def usage_histogram(counts: np.ndarray, training: np.ndarray, by_rank: bool) -> go.Figure:
    """How often each code occurs, as a share of all tokens: here against the training set.

    counts, training: int [K]. With `by_rank` the codes stand in the order of their counts here, ties in that of
    the training set. Every point carries its code as customdata, which is how the canvas finds it.

    Two stepped areas and not 2 K bars: plotly draws an SVG element a bar, and K is in the thousands.
    """
    codes = np.arange(len(counts))
    if by_rank:
        codes = np.lexsort((codes, -training, -counts))
    places = np.arange(len(codes))
    figure = go.Figure()
    for name, values, colour, fill, heading in (
        ("training set", training, TRAINING, "rgba(139,143,152,.28)", "code %{customdata[0]}<br>"),
        ("here", counts, PICTURE, "rgba(59,108,246,.55)", ""),
    ):
        shares = 100 * values[codes] / max(1, values.sum())
        figure.add_scatter(
            x=places,
            y=shares.astype(np.float32),
            customdata=np.stack([codes, values[codes]], axis=1),
            name=name,
            mode="lines",
            line={"shape": "hvh", "width": 1, "color": colour},
            fill="tozeroy",
            fillcolor=fill,
            hovertemplate=heading + "%{y:.3f} % · %{customdata[1]:,} tokens",
        )
    _dress(figure, 300)
    figure.update_layout(hovermode="x unified", dragmode="zoom", uirevision=f"{len(codes)}-{by_rank}")
    if by_rank:
        # The picture's own codes fill the width; a double click shows the rest of a large codebook.
        figure.update_xaxes(range=[-0.5, min(len(codes) - 0.5, 1.25 * max(40, np.count_nonzero(counts)))])
    figure.update_xaxes(
        title="rank of the code here" if by_rank else "index of the code", showgrid=False, unifiedhovertitle_text=" "
    )
    figure.update_yaxes(title="share of tokens (%)", rangemode="tozero", fixedrange=True, zeroline=False)
    return figure


def usage_by_rank(training: np.ndarray) -> go.Figure:
    """How often training used each code, int [K], the most used first, on a log scale, beside an even share.

    Dead codes have no place on a log scale: the ground they would stand on is shaded. Points carry their codes.
    """
    codes = np.lexsort((np.arange(len(training)), -training))
    alive = int(np.count_nonzero(training))
    shares = 100 * training[codes] / max(1, training.sum())
    figure = go.Figure()
    figure.add_scatter(
        x=np.arange(1, alive + 1),
        y=shares[:alive].astype(np.float32),
        customdata=np.stack([codes, training[codes]], axis=1)[:alive],
        name="training set",
        mode="lines",
        line={"shape": "hvh", "width": 1.5, "color": PICTURE},
        hovertemplate="rank %{x:,}: code %{customdata[0]}<br>%{y:.4f} % · %{customdata[1]:,} tokens<extra></extra>",
    )
    even = 100 / len(training)
    figure.add_scatter(
        x=[1, len(training)], y=[even, even], name="all codes alike", mode="lines", hoverinfo="skip",
        line={"dash": "dot", "width": 1.5, "color": TRAINING},
    )
    if dead := len(training) - alive:
        figure.add_vrect(
            x0=alive + 0.5, x1=len(training) + 0.5, fillcolor=TRAINING, opacity=0.25, line_width=0,
            annotation_text=f"{dead:,} dead", annotation_position="top right",
        )
    _dress(figure, 280)
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(title="rank of the code", showgrid=False, zeroline=False, range=[0, len(training) + 1])
    figure.update_yaxes(title="share of tokens (%)", type="log", dtick=1, zeroline=False)
    return figure


def training_history(log: Sequence[dict[str, float]], codebook_size: int, suffix: str = "") -> go.Figure:
    """How a codebook fared while it was trained: from the validations in metrics.jsonl, oldest first.

    Three charts over the minutes: codes that the validation pictures use, out of K; perplexity; PSNR.
    suffix: what the names of this level's figures end in.
    """
    minutes = [row["minutes"] for row in log]
    titles = (f"codes used, of {codebook_size:,}", "perplexity", "PSNR (dB)")
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.12, subplot_titles=titles)
    figure.update_annotations(x=0, xanchor="left", font_size=12)
    charts = [
        (1, f"val_codes_used{suffix}", "held-out pictures", PICTURE, "%{y:,.0f} codes used"),
        (2, f"val_perplexity{suffix}", "held-out pictures", PICTURE, "perplexity %{y:,.0f}, held-out pictures"),
        (2, f"perplexity{suffix}", "batches of training", TRAINING, "perplexity %{y:,.0f}, batches of training"),
        (3, "val_psnr", "held-out pictures", PICTURE, "%{y:.2f} dB"),
    ]
    for row, name, label, colour, told in charts:
        values = [entry.get(name) for entry in log]
        figure.add_scatter(
            row=row, col=1, x=minutes, y=values, name=label, mode="lines+markers", showlegend=row == 2,
            line={"width": 1.5, "color": colour}, marker={"size": 4}, hovertemplate=told + "<extra></extra>",
        )
    _dress(figure, 360)
    figure.update_layout(hovermode="x unified", margin={"t": 52}, legend={"y": 1.08})
    figure.update_xaxes(showgrid=False, zeroline=False)
    figure.update_xaxes(title="minutes of training", row=3, col=1)
    figure.update_yaxes(nticks=4, zeroline=False)
    return figure


def distance_heatmap(codes: np.ndarray, distances: np.ndarray, tiles: np.ndarray) -> go.Figure:
    """The distances between codes, float [n, n], in the order of codes, int [n], with what each looks like at the sides.

    tiles: uint8 [n, f, f, 3]. Each cell carries its row's code.
    """
    count = len(codes)
    figure = go.Figure()
    figure.add_heatmap(
        z=distances.astype(np.float32),
        # A list, since plotly finds a cell's entry in rows that are plain arrays only.
        customdata=np.broadcast_to(codes[:, None], (count, count)).tolist(),
        text=np.broadcast_to(codes[None], (count, count)).astype(np.int32),
        colorscale=DISTANCES,
        colorbar={"orientation": "h", "thickness": 10, "len": 0.6, "y": 1, "yanchor": "bottom", "outlinewidth": 0},
        hovertemplate="codes %{customdata} and %{text}<br>distance %{z:.3f}<extra></extra>",
    )
    _dress(figure, 660)
    across, down = np.concatenate(tiles, axis=1), np.concatenate(tiles, axis=0)
    near = {"xref": "x", "yref": "y", "sizing": "stretch", "layer": "above"}
    thick = STRIP * count
    figure.add_layout_image(source=_png(down), x=-0.5 - thick, y=-0.5, sizex=0.85 * thick, sizey=count, **near)
    figure.add_layout_image(source=_png(across), x=-0.5, y=count - 0.5 + 0.15 * thick, sizex=count, sizey=0.85 * thick, **near)
    figure.update_layout(margin={"l": 4, "r": 4, "t": 44, "b": 4})
    figure.update_xaxes(visible=False, range=[-0.5 - thick, count - 0.5], constrain="domain")
    figure.update_yaxes(visible=False, range=[count - 0.5 + thick, -0.5], scaleanchor="x", constrain="domain", constraintoward="top")
    return figure


def _dress(figure: go.Figure, height: int) -> None:
    """What all figures share. Colours that follow the theme are set in style.css."""
    figure.update_layout(
        height=height,
        font={"family": "system-ui, sans-serif", "size": 12},
        margin={"l": 56, "r": 12, "t": 26, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"},
    )


def _png(pixels: np.ndarray) -> str:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")
