"""Models of tables: trained, and asked for predictions, as in SageMaker's own containers.

Each program here is the inside of one of AWS's containers. It runs in a process of its own, below a
folder that stands for `/opt/ml`, and is told everything by files and variables:

training         trains once and ends: `python -m windfall_local.engines.tables.training`
serving          loads a model and answers until it is told no more
clarify          bias of a table and of a model, and explanations: what SageMaker Clarify computes

and what they are made of:

contract         configuration, failures
lifeline         the end of the parent is the end of the process
boosting_job     the built-in XGBoost algorithm, training; `hyperparameters`, `metrics`
script_job       a script of the user's own, training

lines            text in pieces of whole lines
numbers          text as a matrix
codecs           arrays as NPY, CSV, JSON and back, as SageMaker's toolkit has them
invocations      what is asked of a model, and its answer
boosting         XGBoost models in a folder
algorithm        the built-in XGBoost algorithm, answering; `selection` of its output
scripts          a script of the user's own, answering
triton           ONNX models, answering
judged           a table and what a model says of it
fairness         metrics of bias
shapley          Kernel SHAP; `explanations` of a whole table
"""
