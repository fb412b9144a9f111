"""What a training run may vary: the rows of an ablation table differ in these values alone."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Choices of a run. The card of a shipped network says where its recipe was another."""

    # In class order. Highlights are well under a percent of the pixels; the Dice terms keep this
    # weight from making the network see them everywhere.
    highlight_weight: float = 4.0
    background_weight: float = 0.7
    # Cast shadows are a fifth of what is dark on forms. Unweighted, the network learns that all of
    # it faces away from the key, and never what a shadow looks like.
    shadow_on_form_weight: float = 2.5
    dice_share: float = 0.5
    # Dice by differences of shares, which a soft label ends at 0, and inside the subject without
    # the background, of which only the rims of soft mattes are there.
    soft_dice: bool = False
    # Highlights weigh alike in every crop that has some. Chrome and glass hold half of all of their
    # pixels; pooled, they decide what a highlight is.
    even_highlights: bool = False
    # Exponent of the focal loss (Lin et al. 2017); 0 is cross-entropy.
    focal: float = 0.0
    # How much more than others a pixel counts where two classes meet.
    border_weight: float = 0.0
    # Shares of classes in a pixel as targets, or the strongest class alone.
    soft_labels: bool = True
    # The founding document's network in place of ours: a measure, far too slow to ship.
    seed_network: bool = False
    # A trunk that has learnt on photographs, or random weights. The founding document's has none.
    pretrained: bool = True
    # Color beside grey; without, all three channels are luma.
    color: bool = True
    # Half of the shots that are relit are painted over with patterns (`repaint.py`), too.
    repaint: bool = False
    # Share of their crops that are exposed and balanced once more, as a plate is graded: what has
    # clipped stays clipped.
    regraded_share: float = 0.0
    no_mask_share: float = 0.5
    # Weight of the loss that keeps answers alike along the motion; 0 does without pairs of frames.
    temporal_weight: float = 0.0

    # Weight of the loss of three more maps that the network has to draw while it learns, of what
    # labels are decided by (`relight.key_maps`): how near a pixel is to the next class, which no
    # label tells. Only shots with layers have them; nothing of it is exported.
    maps_weight: float = 0.0
    # Weight of the loss that holds the answers against those of a teacher, a network that has
    # learnt before; 0 does without one.
    distilled: float = 0.0

    @staticmethod
    def parse(words: list[str]) -> Recipe:
        """A recipe from `name=value` words; raises ValueError that names what is wrong."""
        fields = {field.name: field.type for field in dataclasses.fields(Recipe)}
        values: dict[str, Any] = {}
        for word in words:
            name, _, text = word.partition("=")
            if name not in fields:
                raise ValueError(f"a recipe has no {name!r}; it has {', '.join(fields)}")
            values[name] = _truth(word, text) if fields[name] == "bool" else _number(word, text)
        recipe = Recipe(**values)
        if recipe.seed_network and recipe.maps_weight:
            raise ValueError("the founding network draws no maps: leave out maps_weight")
        return recipe

    @property
    def learnt_trunk(self) -> bool:
        """Whether a part of the network has learnt before."""
        return self.pretrained and not self.seed_network

    def class_weights(self) -> tuple[float, ...]:
        """Weights of the cross-entropy, in class order."""
        return (self.background_weight, self.highlight_weight, 1.0, 1.0, 1.0)


def _truth(word: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{word!r}: the value must be true or false")
    return text == "true"


def _number(word: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{word!r}: the value must be a number") from None
    if not 0 <= value < 1000:
        raise ValueError(f"{word!r}: the value must be from 0 to 1000")
    return value
