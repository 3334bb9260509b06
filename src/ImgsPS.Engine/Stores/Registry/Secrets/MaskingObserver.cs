using System;

namespace ImgsPS.Stores.Registry;

/// <summary>Passes everything on, masked (RN30). Safe for any number of threads.</summary>
/// <param name="inner">Who is told.</param>
/// <param name="secrets">What must not be seen.</param>
/// <param name="named">What the user named, which is no secret.</param>
internal sealed class MaskingObserver(IOperationObserver inner, Secrets secrets, string named) : IOperationObserver
{
    public void Verbose(string message) => inner.Verbose(secrets.MaskMessage(message, named));

    public void Debug(string message) => inner.Debug(secrets.MaskMessage(message, named));

    public void Warning(string message) => inner.Warning(secrets.MaskMessage(message, named));

    public void Error(ImageException error, string target) => inner.Error(secrets.Mask(error, named) ?? error, target);

    // Nothing of a server stands there but digests.
    public void Progress(TransferProgress progress) => inner.Progress(progress);
}
