using System.Net.Http;

namespace ImgsPS.Stores.Registry;

internal sealed partial record ConnectionPolicy
{
    private static readonly HttpRequestOptionsKey<ConnectionPolicy> Key = new("ImgsPS.ConnectionPolicy");

    public partial void Attach(HttpRequestMessage request) => request.Options.Set(Key, this);

    public static partial ConnectionPolicy? Of(HttpRequestMessage request) =>
        request.Options.TryGetValue(Key, out var policy) ? policy : null;
}
