import Alerts

enum Version {
    static let text = Product.version
}
