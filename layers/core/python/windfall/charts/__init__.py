"""Pictures of figures, as SVG: small, sharp at any size, and readable by a screen reader.

    drawing     elements of a picture, escaped by the standard library's XML writer
    axes        scales and their ticks
    lines       curves: ROC, precision-recall, calibration
    bars        horizontal bars with a value each
    histograms  how numbers are distributed, by group
    matrices    counts by two things: the confusion matrix

Nothing but the standard library; docs/adr/0020-reports-without-a-chart-library.md says why.
"""
