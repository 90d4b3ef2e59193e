extension OrdinaryCall {
    static let identity = [
        OrdinaryCall(
            "sts",
            "AssumeRole",
            11,
            #"""
            {"roleArn":"arn:aws:iam::<account>:role/<word:role>","roleSessionName":"i-0<hex:16>",\#
            "durationSeconds":3600,"tags":[{"key":"<word:tag>","value":"<word:value>"}]}
            """#,
            #"""
            {"credentials":{"accessKeyId":"ASIA<number:16>","sessionToken":\#
            "IQoJb3JpZ2luX2VjE<hex:96>","expiration":"Mar 1, 2026, 4:20:11 PM"},\#
            "assumedRoleUser":{"assumedRoleId":"AROA<number:17>:i-0<hex:16>",\#
            "arn":"arn:aws:sts::<account>:assumed-role/<word:role>/i-0<hex:16>"}}
            """#,
            more: #"""
                "resources":[{"accountId":"<account>","type":"AWS::IAM::Role",\#
                "ARN":"arn:aws:iam::<account>:role/<word:role>"}],"sharedEventID":"<uuid>",
                """#
        ),
        OrdinaryCall("sts", "GetCallerIdentity", 4, "null"),
        OrdinaryCall(
            "sts",
            "AssumeRoleWithWebIdentity",
            3,
            #"""
            {"roleArn":"arn:aws:iam::<account>:role/<word:role>","roleSessionName":"<word:cluster>-<number:12>",\#
            "durationSeconds":86400}
            """#,
            #"""
            {"credentials":{"accessKeyId":"ASIA<number:16>","sessionToken":"IQoJb3JpZ2luX2VjE<hex:96>",\#
            "expiration":"Mar 2, 2026, 8:01:09 AM"},"subjectFromWebIdentityToken":\#
            "system:serviceaccount:apps:<word:repository>","assumedRoleUser":{"assumedRoleId":\#
            "AROA<number:17>:<number:12>","arn":"arn:aws:sts::<account>:assumed-role/<word:role>/<number:12>"},\#
            "provider":"arn:aws:iam::<account>:oidc-provider/oidc.eks.<region>.amazonaws.com/id/<hex:32>",\#
            "audience":"sts.amazonaws.com"}
            """#
        ),
        OrdinaryCall("iam", "GetRole", 2, #"{"roleName":"<word:role>"}"#),
        OrdinaryCall("iam", "ListAttachedRolePolicies", 1.5, #"{"roleName":"<word:role>"}"#),
        OrdinaryCall("iam", "GetPolicyVersion", 1, #"{"policyArn":"<word:policy>","versionId":"v3"}"#),
        OrdinaryCall(
            "iam",
            "CreatePolicyVersion",
            0.2,
            #"""
            {"policyArn":"arn:aws:iam::<account>:policy/<word:policy>","setAsDefault":true,"policyDocument":\#
            "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\#
            \"s3:PutObject\",\"s3:ListBucket\"],\"Resource\":[\"arn:aws:s3:::<word:bucket>\",\#
            \"arn:aws:s3:::<word:bucket>/*\"]},{\"Effect\":\"Allow\",\"Action\":\"kms:Decrypt\",\"Resource\":\#
            \"arn:aws:kms:<region>:<account>:key/<uuid>\"},{\"Effect\":\"Deny\",\"Action\":\"ec2:RunInstances\",\#
            \"Resource\":\"arn:aws:ec2:*::image/*\",\"Condition\":{\"StringNotEquals\":\#
            {\"ec2:Owner\":\"amazon\"}}}]}"}
            """#,
            #"{"policyVersion":{"createDate":"Mar 1, 2026, 10:00:14 AM","isDefaultVersion":true,"versionId":"v<number:2>"}}"#
        ),
        OrdinaryCall(
            "iam",
            "PutRolePolicy",
            0.1,
            #"""
            {"roleName":"<word:role>","policyName":"inline","policyDocument":"{\n  \"Version\": \"2012-10-17\",\n\#
              \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"logs:*\",\n\#
              \"Resource\": \"*\",\n      \"Condition\": {\"NumericLessThan\": {\"aws:MultiFactorAuthAge\": \#
            \"3600\"}}\n    }\n  ]\n}\n"}
            """#,
            "null"
        ),
        OrdinaryCall(
            "signin",
            "ConsoleLogin",
            0.3,
            "null",
            #"{"ConsoleLogin":"Success"}"#,
            more: #"""
                "additionalEventData":{"LoginTo":"https://console.aws.amazon.com/console/home?region=<region>\#
                &state=hashArgs%23&isauthcode=true","MobileVersion":"No","MFAUsed":"Yes"},
                """#
        ),
        OrdinaryCall(
            "secretsmanager",
            "GetSecretValue",
            3,
            #"{"secretId":"arn:aws:secretsmanager:<region>:<account>:secret:<word:secret>-aB3xYz"}"#
        ),
        OrdinaryCall("ssm", "GetParameter", 2, #"{"name":"<word:parameter>","withDecryption":true}"#),
        OrdinaryCall(
            "ssm",
            "UpdateInstanceInformation",
            5,
            #"""
            {"instanceId":"i-0<hex:16>","agentVersion":"3.3.1957.0","agentStatus":"Active","platformType":"Linux",\#
            "platformName":"Amazon Linux","platformVersion":"2023","iPAddress":"192.0.2.17",\#
            "computerName":"ip-192-0-2-17.<region>.compute.internal","agentName":"amazon-ssm-agent",\#
            "availabilityZone":"<region><word:zone>","availabilityZoneId":"use1-az4","sSMConnectionChannel":\#
            "ssmmessages"}
            """#,
            "null"
        ),
        OrdinaryCall(
            "organizations",
            "ListAccounts",
            0.3,
            #"{"nextToken":"<hex:64>","maxResults":20}"#
        ),
        OrdinaryCall(
            "guardduty",
            "ListFindings",
            0.5,
            #"""
            {"detectorId":"<hex:32>","findingCriteria":{"criterion":{"severity":{"gte":4},"service.archived":\#
            {"eq":["false"]}}},"sortCriteria":{"attributeName":"updatedAt","orderBy":"DESC"}}
            """#
        ),
        OrdinaryCall("cloudtrail", "LookupEvents", 0.5, #"{"maxResults":50,"lookupAttributes":[]}"#),
        OrdinaryCall(
            "config",
            "PutEvaluations",
            1,
            #"""
            {"evaluations":[{"complianceResourceType":"AWS::EC2::Instance","complianceResourceId":"i-0<hex:16>",\#
            "complianceType":"COMPLIANT","orderingTimestamp":"Mar 1, 2026, 10:00:14 AM"},\#
            {"complianceResourceType":"AWS::EC2::Instance","complianceResourceId":"i-0<hex:16>",\#
            "complianceType":"NON_COMPLIANT","annotation":"The image is not approved.",\#
            "orderingTimestamp":"Mar 1, 2026, 10:00:14 AM"}],"resultToken":"<hex:96>","testMode":false}
            """#,
            #"{"failedEvaluations":[]}"#
        ),
    ]
}
