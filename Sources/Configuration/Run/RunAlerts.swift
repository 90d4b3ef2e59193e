/// `alerts`.
extension RunReading {
    func readAlerts(_ top: Fields, into configuration: inout RunConfiguration) {
        guard let fields = top.fields("alerts") else { return }
        if let node = fields["formats"] {
            let formats = fields.list("formats") { reader.word($0, $1, AlertFormat.self) }
            if formats.contains(.native) {
                configuration.alerts.formats = AlertFormat.allCases.filter(formats.contains)
            } else if case .sequence(let items) = node.value, items.count == formats.count {
                reader.error(
                    node.location,
                    "alerts.formats has no native",
                    instead: "[\((["native"] + formats.map(\.rawValue)).joined(separator: ", "))]",
                    impact: "amiwatch's own commands could not read the alerts"
                )
            }
        }
        if let node = fields["signing_key_file"], let file = text(node, "alerts.signing_key_file")?.value {
            configuration.alerts.signingKeyLocation = node.location
            configuration.alerts.signingKeyFile = path(file, namedAt: node.location)
        }
    }
}
