"""The chain S3 → EventBridge → Step Functions → Lambda → DynamoDB, here and on MiniStack."""
