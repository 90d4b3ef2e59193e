package import CloudTrail

/// Records that the tests write, in the shapes that AWS documents; every id is made up.
package enum Samples {
    /// A record as one line of JSON.
    ///
    /// `request` and `response` are JSON too.
    package static func record(
        _ name: String,
        source: String = "ec2.amazonaws.com",
        request: String = "null",
        response: String = "null",
        error: String? = nil,
        account: String? = "\"123456789012\"",
        id: String? = "11111111-2222-4333-8444-555555555555",
        time: String = "2026-03-04T05:06:07Z"
    ) -> String {
        var members = [
            #""eventVersion":"1.11""#,
            #""userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:alice","arn":"arn:aws:sts::123456789012:assumed-role/Admin/alice","accountId":"123456789012","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::123456789012:role/Admin"},"attributes":{"mfaAuthenticated":"false"}}}"#,
            "\"eventTime\":\"\(time)\"", "\"eventSource\":\"\(source)\"", "\"eventName\":\"\(name)\"",
            #""awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-cli/2.15 \"quoted\" C:\\temp""#,
        ]
        if let error { members.append("\"errorCode\":\"\(error)\",\"errorMessage\":\"no\"") }
        members.append("\"requestParameters\":\(request),\"responseElements\":\(response)")
        members.append(#""requestID":"req-1""#)
        if let id { members.append("\"eventID\":\"\(id)\"") }
        if let account { members.append("\"recipientAccountId\":\(account)") }
        return "{" + members.joined(separator: ",") + "}"
    }

    package static let image = ResourceID("ami-0abcdef1234567890")

    package static let share = record(
        "ModifyImageAttribute",
        request:
            #"{"imageId":"ami-0abcdef1234567890","launchPermission":{"add":{"items":[{"userId":"012345678901"}]}},"attributeType":"launchPermission"}"#,
        response: #"{"requestId":"req-1","_return":true}"#
    )

    package static let launch = record(
        "RunInstances",
        request:
            #"{"instancesSet":{"items":[{"minCount":1,"maxCount":2}]},"launchTemplate":{"launchTemplateId":"lt-1","version":"1"}}"#,
        response:
            #"{"requestId":"req-1","ownerId":"123456789012","instancesSet":{"items":[{"instanceId":"i-0bbbbbbbbbbbbbbbb","imageId":"ami-0abcdef1234567890"},{"instanceId":"i-0aaaaaaaaaaaaaaaa","imageId":"ami-0abcdef1234567890"}]}}"#
    )

    /// The share as OCSF has it; `request` is JSON, or JSON in a string.
    package static func ocsf(request: String) -> String {
        #"{"class_uid":6003,"metadata":{"uid":"11111111-2222-4333-8444-555555555555","product":{"name":"CloudTrail"}},"time":1772600767123,"cloud":{"region":"eu-central-1","account":{"uid":"123456789012"}},"api":{"operation":"ModifyImageAttribute","service":{"name":"ec2.amazonaws.com"},"request":{"uid":"req-1","data":\#(request)},"response":{"data":{"_return":true},"error":null,"message":null}},"actor":{"user":{"type":"AssumedRole","uid":"arn:aws:sts::123456789012:assumed-role/Admin/alice","account":{"uid":"123456789012"}},"session":{"issuer":"arn:aws:iam::123456789012:role/Admin"},"invoked_by":null},"http_request":{"user_agent":"aws-cli/2.15 \"quoted\" C:\\temp"},"src_endpoint":{"ip":"192.0.2.7"},"raw_data":"x"}"#
    }

    package static let other = record(
        "AssumeRole",
        source: "sts.amazonaws.com",
        request: #"{"roleArn":"arn:aws:iam::123456789012:role/x","policy":"{\"Version\":\"2012-10-17\"}"}"#
    )

    package static func string(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
