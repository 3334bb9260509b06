using System.Collections;

namespace ImgsPS.Completion;

/// <summary>As <see cref="RegistryImageCompleter"/>, for commands that ask a registry with -Remote alone.</summary>
public sealed class RemoteImageCompleter : RegistryImageCompleter
{
    private protected override bool MayAsk(IDictionary bound) => bound.Contains("Remote");
}
