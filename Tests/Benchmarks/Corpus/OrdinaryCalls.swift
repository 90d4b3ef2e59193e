/// A call that is not watched, and how often it is made.
struct OrdinaryCall {
    let weight: Double
    let template: Template

    /// A call: the first part of its event source, its name, how often it is made next to the others, its
    /// parameters, and its response.
    ///
    /// AWS logs no response for calls that only read. `more` follows the response and ends in a comma.
    init(
        _ source: String,
        _ name: String,
        _ weight: Double,
        _ request: String,
        _ response: String? = nil,
        more: String = "",
        isData: Bool = false
    ) {
        self.weight = weight
        template = Template(
            ##"""
            ,"eventTime":"<time>","eventSource":"\##(source).amazonaws.com","eventName":"\##(name)",\##
            "awsRegion":"<region>",<origin>,"requestParameters":\##(request),\##
            "responseElements":\##(response ?? "null"),\##(more)"requestID":"<uuid>","eventID":"<uuid>",\##
            "readOnly":\##(response == nil),"eventType":"AwsApiCall","managementEvent":\##(!isData),\##
            "recipientAccountId":"<account>","eventCategory":"\##(isData ? "Data" : "Management")",\##
            "tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",\##
            "clientProvidedHostHeader":"\##(source).<region>.amazonaws.com"}}
            """##
        )
    }

    static let all = storage + identity + compute + platform
}

extension OrdinaryCall {
    private static let bucketResource = #"""
        "additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256",\#
        "bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"<hex:64>",\#
        "bytesTransferredOut":<number:5>},"resources":[{"type":"AWS::S3::Object",\#
        "ARN":"arn:aws:s3:::<word:bucket>/<word:key>"},{"accountId":"<account>","type":"AWS::S3::Bucket",\#
        "ARN":"arn:aws:s3:::<word:bucket>"}],
        """#

    private static let keyResource = #"""
        "resources":[{"accountId":"<account>","type":"AWS::KMS::Key",\#
        "ARN":"arn:aws:kms:<region>:<account>:key/<uuid>"}],
        """#

    private static let storage = [
        OrdinaryCall(
            "s3",
            "GetObject",
            14,
            #"{"bucketName":"<word:bucket>","Host":"<word:bucket>.s3.<region>.amazonaws.com","key":"<word:key>"}"#,
            more: bucketResource,
            isData: true
        ),
        OrdinaryCall(
            "s3",
            "PutObject",
            6,
            #"""
            {"bucketName":"<word:bucket>","Host":"<word:bucket>.s3.<region>.amazonaws.com","key":"<word:key>",\#
            "x-amz-server-side-encryption":"aws:kms","x-amz-storage-class":"STANDARD"}
            """#,
            #"{"x-amz-server-side-encryption":"aws:kms","x-amz-version-id":"<hex:32>"}"#,
            more: bucketResource,
            isData: true
        ),
        OrdinaryCall("s3", "ListBuckets", 1, #"{"Host":"s3.<region>.amazonaws.com"}"#),
        OrdinaryCall(
            "s3",
            "GetBucketAcl",
            2,
            #"{"bucketName":"<word:bucket>","Host":"<word:bucket>.s3.amazonaws.com","acl":""}"#,
            more: bucketResource
        ),
        OrdinaryCall(
            "s3",
            "PutBucketPolicy",
            0.1,
            #"""
            {"bucketPolicy":{"Version":"2012-10-17","Statement":[{"Sid":"TLSOnly","Effect":"Deny",\#
            "Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::<word:bucket>",\#
            "arn:aws:s3:::<word:bucket>/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]},\#
            "bucketName":"<word:bucket>","Host":"s3.<region>.amazonaws.com","policy":""}
            """#,
            "null",
            more: bucketResource
        ),
        OrdinaryCall(
            "dynamodb",
            "DescribeTable",
            2,
            #"{"tableName":"<word:table>"}"#,
            more: #"""
                "resources":[{"accountId":"<account>","type":"AWS::DynamoDB::Table",\#
                "ARN":"arn:aws:dynamodb:<region>:<account>:table/<word:table>"}],"apiVersion":"2012-08-10",
                """#
        ),
        OrdinaryCall(
            "rds",
            "DescribeDBInstances",
            1.5,
            #"{"dBInstanceIdentifier":"<word:database>","maxRecords":100}"#
        ),
        OrdinaryCall(
            "rds",
            "CreateDBSnapshot",
            0.2,
            #"""
            {"dBSnapshotIdentifier":"<word:database>-<number:8>","dBInstanceIdentifier":"<word:database>",\#
            "tags":[{"key":"<word:tag>","value":"<word:value>"}]}
            """#,
            #"""
            {"engine":"postgres","dBSnapshotIdentifier":"<word:database>-<number:8>","licenseModel":\#
            "postgresql-license","port":5432,"status":"creating","allocatedStorage":<number:3>,\#
            "instanceCreateTime":"Jan 14, 2026, 9:12:44 AM","dBInstanceIdentifier":"<word:database>",\#
            "vpcId":"vpc-0<hex:16>","masterUsername":"admin","encrypted":true,"percentProgress":0,\#
            "kmsKeyId":"arn:aws:kms:<region>:<account>:key/<uuid>","storageType":"gp3","engineVersion":"16.8",\#
            "dBSnapshotArn":"arn:aws:rds:<region>:<account>:snapshot:<word:database>-<number:8>",\#
            "availabilityZone":"<region><word:zone>","snapshotType":"manual","dbiResourceId":"db-<hex:26>"}
            """#
        ),
        OrdinaryCall(
            "kms",
            "Decrypt",
            9,
            #"""
            {"encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":{"aws:s3:arn":\#
            "arn:aws:s3:::<word:bucket>/<word:key>"},"keyId":"arn:aws:kms:<region>:<account>:key/<uuid>"}
            """#,
            more: keyResource
        ),
        OrdinaryCall(
            "kms",
            "GenerateDataKey",
            5,
            #"""
            {"keySpec":"AES_256","encryptionContext":{"aws:s3:arn":"arn:aws:s3:::<word:bucket>"},\#
            "keyId":"arn:aws:kms:<region>:<account>:key/<uuid>"}
            """#,
            more: keyResource
        ),
    ]
}
