"""How good a model's answers are.

    ranking      ROC and precision-recall of scores: how well they order the rows
    decisions    the confusion matrix and what follows from it
    calibration  whether a score of 0.8 comes true in eight of ten rows
    amounts      errors of predicted numbers

Plain Python over the scores of the held-out rows: a million of them take seconds, and no library
of two hundred megabytes is carried into Lambda. The
tests hold every figure against scikit-learn's.
"""
