"""SageMaker: models trained on this machine, and endpoints that answer from them.

service         every operation of `sagemaker`, from the modules below
runtime         InvokeEndpoint and InvokeEndpointAsync

records         what is kept, one document a name
wording         ARNs and AWS's refusals
constraints     a request against the ranges and patterns of botocore's model
listing         pages of lists
objects         S3 as a role sees it: files and folders, in and out
images          which of AWS's container images can be run here
containers      the processes that stand for containers, their logs and variables

models          CreateModel and its kin
endpoints       endpoint configurations and endpoints
hosting         what runs behind an endpoint
asynchronous    the queue of an asynchronous endpoint
"""

from windfall_local.services.sagemaker.service import SageMakerService

__all__ = ["SageMakerService"]
