"""SageMaker: models trained on this machine, and endpoints that answer from them.

service         every operation of `sagemaker`, from the modules below
runtime         InvokeEndpoint and InvokeEndpointAsync

records         what is kept, one document a name
wording         ARNs and AWS's refusals
constraints     a request against the ranges and patterns of botocore's model
listing         pages of lists
objects         S3 as a role sees it: files and folders, in and out
channels        the data of a job, as files in a folder
images          which of AWS's container images can be run here
containers      the processes that stand for containers, their logs and variables
jobs            jobs of any sort: accepted, done in turns, stopped, told of
tags            AddTags and its kin

models          CreateModel and its kin
registry        model packages and their groups
configurations  endpoint configurations
endpoints       endpoints
hosting         what runs behind an endpoint
serving         a container that serves, for as long as somebody asks
asynchronous    the queue of an asynchronous endpoint; `backlog` tells CloudWatch of it
inference       one request of that queue
training        CreateTrainingJob and its kin
trainer         a training job's work; `final_metrics` reads its log
transforms      CreateTransformJob and its kin
transformer     a transform job's work, by `batches` and `filters`
processing      CreateProcessingJob and its kin
processor       a processing job's work
"""

from windfall_local.services.sagemaker.service import SageMakerService

__all__ = ["SageMakerService"]
