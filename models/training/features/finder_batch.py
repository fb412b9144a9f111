"""Canvases as the finder trains on them: what each cell is to say, canvases used again (torch)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from features.entries import FACE_CELL, FACE_SIDE
from features.finder_net import USUAL
from features.recolor import recolored

# Standard deviation of a middle's heat, in cells.
SPREAD = 0.7
ZOOM, SHIFT = 0.35, 0.15  # standard deviations: logarithm, shares of the canvas
GAMMA = 0.2
Targets = tuple[Tensor, Tensor, Tensor]


def marked(faces: Tensor, height: int, width: int) -> Targets:
    """Heat [n,h,w], values [n,3,h,w] (log of size, dx, dy) and the cells near a middle [n,h,w], of
    faces [n,3] (x, y, side in pixels; side 0 where there is none or it has left the canvas)."""
    rows, columns = height // FACE_CELL, width // FACE_CELL
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    x, y, side = (faces[:, k, None, None] for k in range(3))
    dx, dy = x / FACE_CELL - column - 0.5, y / FACE_CELL - row - 0.5
    there = ((side > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)).float()
    own = ((dx >= -0.5) & (dx < 0.5) & (dy >= -0.5) & (dy < 0.5)).float()
    heat = torch.exp(-(dx**2 + dy**2) / (2 * SPREAD**2))
    heat = torch.maximum(heat.clamp(max=0.99), own) * there
    near = ((dx.abs() < 1.5) & (dy.abs() < 1.5)).float() * there
    size = torch.log(side.clamp(min=1) / FACE_SIDE / USUAL).expand_as(dx)
    return heat, torch.stack([size, dx, dy], 1), near


def moved(image: Tensor, faces: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Canvases [n,H,W,3] and their faces again: another part, another size, flipped."""
    count, height, width = image.shape[:3]

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random)

    zoom = torch.exp(ZOOM * normal(count))
    side = torch.where(torch.rand(count, generator=random) < 0.5, -1.0, 1.0)
    shift = 2 * SHIFT * normal(count, 2)
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1], matrix[:, :, 2] = zoom * side, zoom, shift
    planes = image.permute(0, 3, 1, 2).float() / 255
    grid = functional.affine_grid(matrix, [count, 3, height, width], align_corners=False)
    looked = functional.grid_sample(planes, grid, padding_mode="border", align_corners=False)
    looked = recolored(looked, random).clamp(1e-4, 1) ** torch.exp(GAMMA * normal(count, 1, 1, 1))
    size = torch.tensor([width, height]) / 2
    own = (faces[:, :2] / size - 1 - shift) / torch.stack([zoom * side, zoom], 1)
    places = torch.cat([(own + 1) * size, faces[:, 2:] / zoom[:, None]], 1)
    pixels = (looked * 255 + 0.5).to(torch.uint8).permute(0, 2, 3, 1)
    return pixels, places
