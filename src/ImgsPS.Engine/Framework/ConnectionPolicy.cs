using System.Net.Http;

namespace ImgsPS.Stores.Registry;

internal sealed partial record ConnectionPolicy
{
    private const string Key = "ImgsPS.ConnectionPolicy";

    public partial void Attach(HttpRequestMessage request) => request.Properties[Key] = this;

    public static partial ConnectionPolicy? Of(HttpRequestMessage request) =>
        request.Properties.TryGetValue(Key, out var policy) ? policy as ConnectionPolicy : null;
}
