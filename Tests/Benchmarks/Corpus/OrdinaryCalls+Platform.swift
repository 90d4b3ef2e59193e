extension OrdinaryCall {
    static let platform = [
        OrdinaryCall(
            "lambda",
            "Invoke",
            6,
            #"""
            {"functionName":"arn:aws:lambda:<region>:<account>:function:<word:function>","invocationType":\#
            "RequestResponse","clientContext":"<hex:32>"}
            """#,
            more: #"""
                "additionalEventData":{"functionVersion":\#
                "arn:aws:lambda:<region>:<account>:function:<word:function>:$LATEST"},"resources":\#
                [{"accountId":"<account>","type":"AWS::Lambda::Function",\#
                "ARN":"arn:aws:lambda:<region>:<account>:function:<word:function>"}],
                """#,
            isData: true
        ),
        OrdinaryCall("lambda", "GetFunction20150331v2", 1, #"{"functionName":"<word:function>"}"#),
        OrdinaryCall(
            "logs",
            "CreateLogStream",
            3,
            #"{"logGroupName":"<word:group>","logStreamName":"2026/03/01/[$LATEST]<hex:32>"}"#,
            "null",
            more: #""apiVersion":"20140328","#
        ),
        OrdinaryCall(
            "logs",
            "StartQuery",
            0.5,
            #"""
            {"logGroupName":"<word:group>","startTime":17723<number:5>,"endTime":17723<number:5>,"queryString":\#
            "fields @timestamp, @message | filter @message like /(?i)error/ | sort @timestamp desc | limit 200"}
            """#,
            #"{"queryId":"<uuid>"}"#
        ),
        OrdinaryCall(
            "monitoring",
            "GetMetricData",
            2,
            #"""
            {"startTime":"Mar 1, 2026, 9:00:00 AM","endTime":"Mar 1, 2026, 10:00:00 AM","metricDataQueries":\#
            [{"id":"q1","metricStat":{"metric":{"namespace":"AWS/EC2","metricName":"<word:metric>","dimensions":\#
            [{"name":"InstanceId","value":"i-0<hex:16>"}]},"period":300,"stat":"Average"},"returnData":true},\#
            {"id":"q2","metricStat":{"metric":{"namespace":"AWS/ApplicationELB","metricName":"<word:metric>"},\#
            "period":300,"stat":"Sum"},"returnData":true},{"id":"q3","metricStat":{"metric":{"namespace":\#
            "AWS/SQS","metricName":"<word:metric>"},"period":300,"stat":"Maximum"},"returnData":true}]}
            """#
        ),
        OrdinaryCall(
            "monitoring",
            "DescribeAlarms",
            1.5,
            #"{"alarmNames":["<word:repository>-<word:metric>"]}"#
        ),
        OrdinaryCall(
            "sqs",
            "ReceiveMessage",
            3,
            #"""
            {"queueUrl":"https://sqs.<region>.amazonaws.com/<account>/<word:queue>","maxNumberOfMessages":10,\#
            "visibilityTimeout":30,"waitTimeSeconds":20,"attributeNames":["All"]}
            """#,
            isData: true
        ),
        OrdinaryCall(
            "sns",
            "Publish",
            1,
            #"""
            {"topicArn":"arn:aws:sns:<region>:<account>:<word:queue>","message":\#
            "HIDDEN_DUE_TO_SECURITY_REASONS","messageAttributes":"HIDDEN_DUE_TO_SECURITY_REASONS"}
            """#,
            #"{"messageId":"<uuid>"}"#,
            isData: true
        ),
        OrdinaryCall("cloudformation", "DescribeStacks", 2, #"{"stackName":"<word:stack>"}"#),
        OrdinaryCall(
            "cloudformation",
            "CreateChangeSet",
            0.2,
            #"""
            {"stackName":"<word:stack>","changeSetName":"cs-<number:10>","changeSetType":"UPDATE",\#
            "capabilities":["CAPABILITY_NAMED_IAM"],"parameters":[{"parameterKey":"ImageId","parameterValue":\#
            "ami-0<hex:16>"},{"parameterKey":"InstanceType","parameterValue":"<word:type>"}],\#
            "tags":[{"key":"<word:tag>","value":"<word:value>"}],\#
            "templateURL":"https://acme-artifacts.s3.<region>.amazonaws.com/<hex:40>.template"}
            """#,
            #"""
            {"id":"arn:aws:cloudformation:<region>:<account>:changeSet/cs-<number:10>/<uuid>",\#
            "stackId":"arn:aws:cloudformation:<region>:<account>:stack/<word:stack>/<uuid>"}
            """#
        ),
        OrdinaryCall(
            "tagging",
            "GetResources",
            0.7,
            #"{"tagFilters":[{"key":"<word:tag>","values":["<word:value>"]}],"resourcesPerPage":100}"#
        ),
        OrdinaryCall(
            "athena",
            "StartQueryExecution",
            0.3,
            #"""
            {"queryString":"SELECT date_trunc('day', ts) AS day, count(*) FROM events WHERE region = '<region>' \#
            AND kind IN ('order', 'refund') GROUP BY 1 ORDER BY 1 DESC LIMIT 1000","clientRequestToken":"<uuid>",\#
            "queryExecutionContext":{"database":"lake"},"resultConfiguration":{"outputLocation":\#
            "s3://acme-data-exports/athena/"},"workGroup":"primary"}
            """#,
            #"{"queryExecutionId":"<uuid>"}"#
        ),
        OrdinaryCall(
            "route53",
            "ListResourceRecordSets",
            0.5,
            #"{"hostedZoneId":"Z<number:13>","maxItems":300}"#
        ),
        // One record in a thousand has a letter as an escape, as some services' serialisers write it.
        OrdinaryCall(
            "states",
            "StartExecution",
            0.15,
            #"""
            {"stateMachineArn":"arn:aws:states:<region>:<account>:stateMachine:<word:function>","name":"<uuid>",\#
            "input":"HIDDEN_DUE_TO_SECURITY_REASONS","traceHeader":"Root\u003d1-<hex:8>-<hex:24>"}
            """#,
            #"""
            {"executionArn":"arn:aws:states:<region>:<account>:execution:<word:function>:<uuid>",\#
            "startDate":"Mar 1, 2026, 10:00:14 AM"}
            """#
        ),
    ]
}
