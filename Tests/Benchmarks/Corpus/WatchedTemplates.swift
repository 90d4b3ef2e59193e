/// The records of watched calls, with their parameters and responses as AWS writes them.
enum WatchedTemplates {
    /// A record by its event name, parameters and response; `more` (an error) stands before them and ends in a
    /// comma.
    static func record(_ name: String, _ request: String, _ response: String, more: String = "") -> Template {
        Template(
            ##"""
            ,"eventTime":"<time>","eventSource":"ec2.amazonaws.com","eventName":"\##(name)",\##
            "awsRegion":"<region>",<origin>,\##(more)"requestParameters":\##(request),\##
            "responseElements":\##(response),"requestID":"<uuid>","eventID":"<uuid>","readOnly":false,\##
            "eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"<account>",\##
            "eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3",\##
            "cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"ec2.<region>.amazonaws.com"}}
            """##
        )
    }

    private static func wrapped(_ name: String, _ request: String, _ response: String) -> Template {
        record(
            name,
            #"{"\#(name)Request":\#(request)}"#,
            #"""
            {"\#(name)Response":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","requestId":"<uuid>",\#
            \#(response)}}
            """#
        )
    }

    /// `<0>`: the image; `<1>`: the instances of the response.
    static let runInstances = record(
        "RunInstances",
        #"""
        {"instancesSet":{"items":[{"imageId":"<0>","minCount":1,"maxCount":1,"keyName":"ops"}]},\#
        "groupSet":{"items":[{"groupId":"sg-0<hex:16>"}]},"userData":"<sensitiveDataRemoved>",\#
        "instanceType":"<word:type>","blockDeviceMapping":{},"monitoring":{"enabled":false},\#
        "subnetId":"subnet-0<hex:16>","disableApiTermination":false,"disableApiStop":false,\#
        "clientToken":"<uuid>","iamInstanceProfile":{"name":"<word:role>"},"ebsOptimized":true,\#
        "tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"<word:tag>",\#
        "value":"<word:value>"},{"key":"Name","value":"<word:repository>"}]}]}}
        """#,
        #"""
        {"requestId":"<uuid>","reservationId":"r-0<hex:16>","ownerId":"<account>","groupSet":{},\#
        "instancesSet":{"items":[<1>]}}
        """#
    )

    /// A launch through a launch template: only the response names the image.
    static let runFromTemplate = record(
        "RunInstances",
        #"""
        {"instancesSet":{"items":[{"minCount":1,"maxCount":1}]},"blockDeviceMapping":{},\#
        "availabilityZone":"<region><word:zone>","monitoring":{"enabled":false},"subnetId":"subnet-0<hex:16>",\#
        "disableApiTermination":false,"disableApiStop":false,"clientToken":"<uuid>","tagSpecificationSet":\#
        {"items":[{"resourceType":"instance","tags":[{"key":"aws:autoscaling:groupName",\#
        "value":"<word:stack>-asg"}]}]},"launchTemplate":{"launchTemplateId":"lt-0<hex:16>","version":"7"}}
        """#,
        #"""
        {"requestId":"<uuid>","reservationId":"r-0<hex:16>","ownerId":"<account>","groupSet":{},\#
        "instancesSet":{"items":[<1>]},"requesterId":"<number:12>"}
        """#
    )

    static let refusedRun = record(
        "RunInstances",
        #"""
        {"instancesSet":{"items":[{"imageId":"<0>","minCount":1,"maxCount":1}]},"instanceType":"<word:type>",\#
        "blockDeviceMapping":{},"monitoring":{"enabled":false},"subnetId":"subnet-0<hex:16>",\#
        "disableApiTermination":false,"clientToken":"<uuid>"}
        """#,
        "null",
        more: #"""
            "errorCode":"Client.UnauthorizedOperation","errorMessage":"You are not authorized to perform this \#
            operation. User: arn:aws:sts::<account>:assumed-role/<word:role> is not authorized to perform: \#
            ec2:RunInstances. Encoded authorization failure message: <hex:400>",
            """#
    )

    /// One instance of a response: `<0>` the image, `<1>` the instance.
    static let instance = Template(
        #"""
        {"instanceId":"<1>","imageId":"<0>","bootMode":"uefi-preferred","currentInstanceBootMode":"uefi",\#
        "instanceState":{"code":0,"name":"pending"},"privateDnsName":"ip-192-0-2-20.<region>.compute.internal",\#
        "operator":{"managed":false},"keyName":"ops","amiLaunchIndex":0,"productCodes":{},"instanceType":\#
        "<word:type>","launchTime":17723<number:8>,"placement":{"availabilityZone":"<region><word:zone>",\#
        "tenancy":"default"},"monitoring":{"state":"disabled"},"subnetId":"subnet-0<hex:16>",\#
        "vpcId":"vpc-0<hex:16>","privateIpAddress":"192.0.2.20","stateReason":{"code":"pending",\#
        "message":"pending"},"architecture":"x86_64","rootDeviceType":"ebs","rootDeviceName":"/dev/xvda",\#
        "blockDeviceMapping":{},"virtualizationType":"hvm","hypervisor":"xen","tagSet":{"items":[{"key":\#
        "<word:tag>","value":"<word:value>"},{"key":"Name","value":"<word:repository>"}]},"clientToken":"<uuid>",\#
        "groupSet":{"items":[{"groupId":"sg-0<hex:16>","groupName":"<word:stack>"}]},"sourceDestCheck":true,\#
        "networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-0<hex:16>","subnetId":"subnet-0<hex:16>",\#
        "vpcId":"vpc-0<hex:16>","ownerId":"<account>","operator":{"managed":false},"status":"in-use",\#
        "macAddress":"0e:9c:6d:63:60:67","privateIpAddress":"192.0.2.20","sourceDestCheck":true,\#
        "interfaceType":"interface","groupSet":{"items":[{"groupId":"sg-0<hex:16>","groupName":\#
        "<word:stack>"}]},"attachment":{"attachmentId":"eni-attach-0<hex:16>","deviceIndex":0,\#
        "networkCardIndex":0,"status":"attaching","attachTime":17723<number:8>,"deleteOnTermination":true},\#
        "privateIpAddressesSet":{"item":[{"privateIpAddress":"192.0.2.20","primary":true}]},\#
        "ipv6AddressesSet":{},"tagSet":{}}]},"iamInstanceProfile":{"arn":\#
        "arn:aws:iam::<account>:instance-profile/<word:role>","id":"AIPA<number:17>"},"ebsOptimized":true,\#
        "enaSupport":true,"cpuOptions":{"coreCount":1,"threadsPerCore":2},"capacityReservationSpecification":\#
        {"capacityReservationPreference":"open"},"enclaveOptions":{"enabled":false},"metadataOptions":{"state":\#
        "pending","httpTokens":"required","httpPutResponseHopLimit":2,"httpEndpoint":"enabled",\#
        "httpProtocolIpv4":"enabled","httpProtocolIpv6":"disabled","instanceMetadataTags":"disabled"},\#
        "maintenanceOptions":{"autoRecovery":"default","rebootMigration":"default"},"privateDnsNameOptions":\#
        {"hostnameType":"ip-name","enableResourceNameDnsARecord":false,"enableResourceNameDnsAAAARecord":false}}
        """#
    )

    /// `<0>`: the instance.
    static let terminateInstances = record(
        "TerminateInstances",
        #"{"instancesSet":{"items":[{"instanceId":"<0>"}]}}"#,
        #"""
        {"requestId":"<uuid>","instancesSet":{"items":[{"instanceId":"<0>","currentState":{"code":32,\#
        "name":"shutting-down"},"previousState":{"code":16,"name":"running"}}]}}
        """#
    )

    /// `<0>`: the resource.
    static let createTags = record(
        "CreateTags",
        #"""
        {"resourcesSet":{"items":[{"resourceId":"<0>"}]},"tagSet":{"items":[{"key":"<word:tag>",\#
        "value":"<word:value>"},{"key":"kubernetes.io/cluster/<word:cluster>","value":"owned"}]}}
        """#,
        #"{"requestId":"<uuid>","_return":true}"#
    )

    /// `<0>`: the image.
    static let approveImage = record(
        "CreateTags",
        #"{"resourcesSet":{"items":[{"resourceId":"<0>"}]},"tagSet":{"items":[{"key":"Role","value":"golden"}]}}"#,
        #"{"requestId":"<uuid>","_return":true}"#
    )

    /// `<0>`: the resource.
    static let deleteTags = record(
        "DeleteTags",
        #"{"resourcesSet":{"items":[{"resourceId":"<0>"}]},"tagSet":{"items":[{"key":"<word:tag>"}]}}"#,
        #"{"requestId":"<uuid>","_return":true}"#
    )

    /// `<0>`: the instance; `<1>`: the new image.
    static let createImage = record(
        "CreateImage",
        #"""
        {"instanceId":"<0>","name":"<word:image>-<hex:8>","noReboot":true,"description":"nightly",\#
        "tagSpecificationSet":{"items":[{"resourceType":"image","tags":[{"key":"CostCenter","value":"4711"},\#
        {"key":"Role","value":"golden"}]},{"resourceType":"snapshot","tags":[{"key":"CostCenter",\#
        "value":"4711"}]}]}}
        """#,
        #"{"requestId":"<uuid>","imageId":"<1>"}"#
    )

    /// `<0>`: the source; `<1>`: the new image.
    static let copyImage = record(
        "CopyImage",
        #"""
        {"sourceRegion":"us-east-1","sourceImageId":"<0>","name":"<word:image>-<hex:8>","encrypted":true,\#
        "copyImageTags":true,"clientToken":"<uuid>"}
        """#,
        #"{"requestId":"<uuid>","imageId":"<1>"}"#
    )

    /// `<1>`: the new image.
    static let registerImage = record(
        "RegisterImage",
        #"""
        {"name":"<word:image>-<hex:8>","architecture":"x86_64","rootDeviceName":"/dev/xvda",\#
        "blockDeviceMapping":{"items":[{"deviceName":"/dev/xvda","ebs":{"snapshotId":"snap-0<hex:16>",\#
        "deleteOnTermination":true,"volumeType":"gp3"}}]},"virtualizationType":"hvm","enaSupport":true}
        """#,
        #"{"requestId":"<uuid>","imageId":"<1>"}"#
    )

    /// `<0>`: the image.
    static let deregisterImage = record(
        "DeregisterImage",
        #"{"imageId":"<0>","deleteAssociatedSnapshots":false}"#,
        #"{"requestId":"<uuid>","_return":true}"#
    )

    /// `<0>`: the image; `<1>`: the grantee, as one item.
    static let share = record(
        "ModifyImageAttribute",
        #"{"imageId":"<0>","launchPermission":{"add":{"items":[<1>]}},"attributeType":"launchPermission"}"#,
        #"{"requestId":"<uuid>","_return":true}"#
    )

    /// `<0>`: the image; `<1>`: the grantee, as one item.
    static let unshare = record(
        "ModifyImageAttribute",
        #"{"imageId":"<0>","launchPermission":{"remove":{"items":[<1>]}},"attributeType":"launchPermission"}"#,
        #"{"requestId":"<uuid>","_return":true}"#
    )

    /// `<0>`: the image.
    static let deprecateImage = wrapped(
        "EnableImageDeprecation",
        #"{"ImageId":"<0>","DeprecateAt":"2027-03-01T00:00:00.000Z"}"#,
        #""return":true"#
    )

    static let enableAllowedImages = wrapped(
        "EnableAllowedImagesSettings",
        #"{"AllowedImagesSettingsState":"enabled"}"#,
        #""allowedImagesSettingsState":"enabled""#
    )

    static let disableAllowedImages = wrapped(
        "DisableAllowedImagesSettings",
        #""""#,
        #""allowedImagesSettingsState":"disabled""#
    )

    static let replaceCriteria = wrapped(
        "ReplaceImageCriteriaInAllowedImagesSettings",
        #"""
        {"ImageCriterion":[{"tag":1,"ImageProvider":[{"tag":1,"content":"amazon"},{"tag":2,\#
        "content":100000000000}]},{"tag":2,"ImageName":{"tag":1,"content":"golden-*"},\#
        "CreationDateCondition":{"MaximumDaysSinceCreated":300}}]}
        """#,
        #""return":true"#
    )

    static let blockPublicAccess = wrapped(
        "EnableImageBlockPublicAccess",
        #"{"ImageBlockPublicAccessState":"block-new-sharing"}"#,
        #""imageBlockPublicAccessState":"block-new-sharing""#
    )
}
