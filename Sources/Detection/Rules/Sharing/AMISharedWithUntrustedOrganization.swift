import CloudTrail

/// An image shared with a foreign organization or unit, or too widely with the own organization.
struct AMISharedWithUntrustedOrganization: Rule {
    let metadata = RuleMetadata(
        id: "ami-shared-with-untrusted-organization",
        title: "Image shared with an untrusted organization",
        kind: .standing,
        severity: .high,
        events: [
            "ModifyImageAttribute", "ResetImageAttribute", "CancelImageLaunchPermission", "DisableImage",
            "DeregisterImage",
        ],
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html"],
        attack: ["T1537"]
    )

    func judges(_ subject: Subject) -> Bool {
        switch subject {
        case .share(_, _, .organization), .share(_, _, .organizationalUnit): true
        default: false
        }
    }

    func judge(_ subject: Subject, in scene: Scene) -> Judgement? {
        guard case .share(let place, let image, let grantee) = subject else { return nil }
        return ShareHistory(place: place, image: image, grantee: grantee, scene: scene, byService: false)
            .judge()
    }
}
