import CloudTrail

/// A new image with a disk of which the call says that it is not encrypted.
struct AMIUnencrypted: Rule {
    let metadata = RuleMetadata(
        id: "ami-unencrypted",
        title: "Image created with an unencrypted disk",
        kind: .event,
        severity: .low,
        events: EventNames.any(of: EventNames.creating, EventNames.retiring),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIEncryption.html"],
        attack: ["T1530"],
        compliance: ["CIS AWS Compute Services 2.1.2"]
    )

    let subjects = [Subject.Kind.createdImage]

    // What is not encrypted is told by what tells the creation, and forgotten with the image.
    let triggers = CreatedImage.triggers

    let ownFacts = [WatchedCall.createImage, .registerImage].map { call in
        CallFacts(of: call) { call, told in
            guard case .createImage(let creation) = call, let image = creation.image,
                !creation.unencryptedDevices.isEmpty
            else { return }
            var fields = Fields()
            fields["devices"] = .texts(creation.unencryptedDevices)
            told.add(.image(image, ImageAttribute(.unencryptedDevices)), .fields(fields), .creates)
        }
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let created = CreatedImage(subject, in: context),
            let told = context.facts.image(created.image).all(of: ImageAttribute(.unencryptedDevices)).first(
                where: { $0.isSame(as: created.creation) }
            )
        else { return nil }
        let devices = told.value.fields?.texts("devices").map(\.string).joined(separator: ", ") ?? ""
        return created.judgement(
            Judgement.Reason(
                severity: .low,
                facts: [FactStatement("not encrypted", devices, told)],
                remediation: [
                    .ec2(
                        "copy-image",
                        region: subject.scope.region,
                        "--source-region",
                        .region(subject.scope.region),
                        "--source-image-id",
                        .image(created.image),
                        "--encrypted",
                        "--name",
                        "NAME"
                    )
                ],
                message: "Image \(created.image) was created with disks that are not encrypted: \(devices)."
            )
        )
    }
}

extension Attribute {
    /// The disks that the call which made an image left unencrypted.
    fileprivate static let unencryptedDevices = Attribute(
        0x1037,
        isInCatalogue: true,
        hasEntryPerRecord: false
    )
}
