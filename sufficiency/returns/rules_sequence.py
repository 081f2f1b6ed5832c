"""Rules about how episodes follow one another, and whether RNE fits what changed between them."""

from __future__ import annotations

from sufficiency.returns.rule import Rule

_KEPT = "Row kept; a placement begins by RNE or where the setting changes."

SEQUENCE_RULES = (
    Rule("overlap", "warning", "The child's next episode begins before this one ends.", "Ended where the next begins."),
    Rule(
        "two_open",
        "error",
        "The child has two open episodes: this and a later one.",
        "Ended where the next begins.",
    ),
    Rule(
        "open_before_next",
        "warning",
        "The episode is open although another of the child's begins later.",
        "Ended where the next begins.",
    ),
    Rule(
        "open_child_absent",
        "warning",
        "The episode was open at the end of its return and no later return has it.",
        "Ended on 1 April after its return, reason not known.",
    ),
    Rule(
        "short_gap",
        "warning",
        "The next episode should begin that day (X1) and begins up to 7 days later.",
        "Lengthened to the start of the next.",
    ),
    Rule(
        "long_gap",
        "error",
        "The next episode should begin that day (X1) and begins more than 7 days later, or as a new period of care.",
        "The period of care ends here for a reason not known; the next episode opens a new one.",
    ),
    Rule(
        "nothing_after_x1",
        "error",
        "Another episode should follow (X1) and none does.",
        "The period of care ends here for a reason not known.",
    ),
    Rule(
        "same_day_return",
        "warning",
        "The child is said to have left care and has another episode that begins on the same day.",
        "Read as going on in care.",
    ),
    Rule(
        "start_within_period",
        "warning",
        "The episode is said to start a period of care (S) and follows on from another.",
        "Read as going on in care.",
    ),
    Rule(
        "first_not_start",
        "warning",
        "The child's first episode began within the years returned and is not the start of a period of care (S).",
        "Kept; it opens the period, whose true start is not known.",
    ),
    Rule(
        "return_not_start",
        "warning",
        "The child came back into care and the episode is not the start of a period of care (S).",
        "Kept; it opens a new period of care.",
    ),
    Rule(
        "legal_status_same",
        "warning",
        "RNE says that the legal status changed (L, B or U), and it is the same as before.",
        "Row kept.",
    ),
    Rule(
        "legal_status_differs",
        "warning",
        "RNE says that only the placement changed (P or T), and the legal status differs too.",
        "Row kept; the legal status is read as it is.",
    ),
    Rule(
        "placement_same",
        "warning",
        "RNE says that the placement changed (P, T, B or U), and place, provider, URN and postcode are all the same.",
        _KEPT,
    ),
    Rule(
        "placement_differs",
        "warning",
        "RNE says that only the legal status changed (L), and the place, its provider or its URN differs.",
        _KEPT,
    ),
    Rule(
        "carer_differs",
        "warning",
        "RNE says that the carer stayed the same (T or U), and the provider or the URN differs.",
        _KEPT,
    ),
)
