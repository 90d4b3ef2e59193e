/// Who alerts come from.
package enum Product {
    package static let name = "amiwatch"
    package static let version = "0.1.0"
}
