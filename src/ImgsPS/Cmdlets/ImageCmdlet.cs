using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Naming;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>
/// What all cmdlets share: the work runs on the thread pool, several stores are worked on side by side, stores are opened once, failures
/// become error records.
/// </summary>
public abstract class ImageCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, StoreLink> _stores = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoreLink> _storesByName = new(StringComparer.Ordinal);
    private readonly HashSet<StoreLink> _targets = new();
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);
    private WorkLine? _line;
    private bool _storeIsTyped;

    static ImageCmdlet() => ImageLayerList.Shown = LayerText.Of;

    /// <summary>How many stores, and items of the pipeline, are worked on at the same time.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public virtual int ThrottleLimit { get; set; } = 8;

    /// <summary>
    /// How many seconds a registry or a Docker Engine may bring nothing further before the command gives up. Without it 120, and 30 until a
    /// Docker Engine's list begins.
    /// </summary>
    [Parameter]
    [ValidateRange(1, 86400)]
    public virtual int TimeoutSec { get; set; }

    /// <summary>What <see cref="TimeoutSec"/> says; null without it.</summary>
    private protected TimeSpan? Patience => TimeoutSec == 0 ? null : TimeSpan.FromSeconds(TimeoutSec);

    /// <summary>How to talk to registries.</summary>
    private protected virtual RegistryOptions Options => RegistryOptions.Default with { Timeout = Patience };

    /// <summary>True for a cmdlet whose failures are those of a registry, also when a Docker Engine asks it.</summary>
    private protected virtual bool AsksRegistry => false;

    /// <summary>True for a cmdlet whose errors name the item, because several of one command may fail in the same words.</summary>
    private protected virtual bool NamesItems => false;

    /// <summary>True when the user lets the command change a store that others can write, though it is elevated (SF3).</summary>
    private protected virtual bool AllowsSharedStore => false;

    /// <summary>True when blobs that are symbolic links are read (FF24); the store is then not written at all.</summary>
    private protected virtual bool FollowsSymlinks => false;

    /// <summary>True with -WhatIf, or where $WhatIfPreference says so: nothing at all is written then (SF4).</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given)
        ? LanguagePrimitives.IsTrue(given)
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <summary>Closes the stores.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void BeginProcessing() => _storeIsTyped = MyInvocation.BoundParameters.TryGetValue("Store", out var stores)
        && stores is string[];

    /// <summary>Ctrl+C: the work behind ends by itself, and the pipeline thread waits for that.</summary>
    protected override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The command has just ended by itself.
        }
    }

    /// <summary>Closes the stores.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _line?.Dispose();
            foreach (var store in _stores.Values)
            {
                store.Store.Dispose();
            }

            _stores.Clear();
            _stop.Dispose();
        }
    }

    /// <summary>Runs an operation; what it writes goes down the pipeline while it runs.</summary>
    /// <param name="work">The operation.</param>
    /// <param name="activity">The progress activity's first word; null for an operation without progress.</param>
    /// <exception cref="WorkFailedException">The operation failed.</exception>
    private protected void Run(Func<WorkPump, CancellationToken, Task> work, string? activity = null)
    {
        Exception? failure = null;
        using (var line = MakeLine(1, activity))
        {
            line.Start(work, cause => failure = cause);
            line.Finish();
        }

        if (failure is not null)
        {
            throw new WorkFailedException(failure);
        }
    }

    /// <summary>
    /// The line of works that go on side by side while the cmdlet takes more items: the cmdlet calls <see cref="StartItem"/> for
    /// each item, and <see cref="WorkLine.Finish"/> when it has all. Made once for the command.
    /// </summary>
    /// <param name="length">How many items may be in line.</param>
    /// <param name="activity">The progress activities' first word; null for works without progress.</param>
    /// <param name="limit">
    /// How many works run at the same time; null for <see cref="ThrottleLimit"/>. More where the works wait for each other's answers.
    /// </param>
    private protected WorkLine Line(int length, string? activity = null, int? limit = null) => _line ??= MakeLine(length, activity, limit);

    private WorkLine MakeLine(int length, string? activity, int? limit = null) =>
        new(this, limit ?? ThrottleLimit, length, activity is not null && Interactivity.Shows(Host) ? activity : null, _stop.Token);

    /// <summary>Runs an operation and returns its result.</summary>
    /// <exception cref="WorkFailedException">The operation failed.</exception>
    private protected T RunToResult<T>(Func<IOperationObserver, CancellationToken, Task<T>> work)
    {
        T result = default!;
        Run(KeepResultAsync);
        return result;

        async Task KeepResultAsync(WorkPump pump, CancellationToken cancellationToken) =>
            result = await work(pump, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Writes a verbose message. With -Debug alone PowerShell asks for a confirmation after each, also where nobody can answer; there the
    /// message is a debug message.
    /// </summary>
    internal void Tell(string message)
    {
        var bound = MyInvocation.BoundParameters;
        if (bound.TryGetValue("Debug", out var debug) && LanguagePrimitives.IsTrue(debug) && !bound.ContainsKey("Verbose"))
        {
            WriteDebug(message);
        }
        else
        {
            WriteVerbose(message);
        }
    }

    /// <summary>Writes a warning, once for the command: several requests and items may meet the same cause.</summary>
    internal void Warn(string message)
    {
        if (!_warned.Add(message))
        {
            return;
        }

        try
        {
            WriteWarning(message);
        }
        catch (InvalidOperationException) when (MyInvocation.BoundParameters.ContainsKey("Debug"))
        {
            // With -Debug PowerShell writes a warning and then asks whether to go on. Nobody can answer; it is written, and the work goes
            // on (RU1).
        }
    }

    /// <summary>
    /// Runs a work on each store, several at the same time. A store's failure is one error, about the store when it cannot be reached, else
    /// about <paramref name="target"/>; the other stores go on.
    /// </summary>
    /// <param name="stores">The stores.</param>
    /// <param name="target">What the user gave.</param>
    /// <param name="work">The work on one of them.</param>
    /// <param name="ordered">False to write what the stores say as it comes, not in the order of the stores.</param>
    /// <param name="ofStore">True when the work asks about nothing but the store: a failure is the store's.</param>
    /// <param name="activity">The progress activity's first word; null for a work without progress.</param>
    private protected void RunOnEach(
        IReadOnlyList<StoreLink> stores,
        object target,
        Func<StoreWork, CancellationToken, Task> work,
        bool ordered = true,
        bool ofStore = false,
        string? activity = null)
    {
        if (stores.Count > 0)
        {
            ForItem(target, () => Run(OnEach(stores, target, work, ordered, ofStore), activity));
        }
    }

    /// <summary>As <see cref="RunOnEach"/>, but the work goes on in the line while the cmdlet takes more items.</summary>
    private protected void StartOnEach(
        WorkLine line, IReadOnlyList<StoreLink> stores, object target, Func<StoreWork, CancellationToken, Task> work, bool ordered = true)
    {
        if (stores.Count > 0)
        {
            line.Start(
                OnEach(stores, target, work, ordered, ofStore: false),
                failure => ForItem(target, () => throw new WorkFailedException(failure)));
        }
    }

    private Func<WorkPump, CancellationToken, Task> OnEach(
        IReadOnlyList<StoreLink> stores, object target, Func<StoreWork, CancellationToken, Task> work, bool ordered, bool ofStore)
    {
        var lanes = ordered ? new StoreLanes(stores.Count) : null;
        var several = HasSeveralStores;
        return RunAllAsync;

        async Task RunAllAsync(WorkPump pump, CancellationToken cancellationToken)
        {
            var all = stores
                .Select((link, lane) => new StoreWork(link, pump, several, lanes, lane))
                .Select(part => Task.Run(() => RunOneAsync(part, pump.Slots, cancellationToken), CancellationToken.None))
                .ToList();
            await Task.WhenAll(all).ConfigureAwait(false);
        }

        async Task RunOneAsync(StoreWork part, SemaphoreSlim slots, CancellationToken cancellationToken)
        {
            await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await work(part, cancellationToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever it is, it is this store's failure and not that of the others.
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                part.Post(() => Fail(part.Link, failure, target, ofStore));
            }
            finally
            {
                slots.Release();
            }

            part.Close();
        }
    }

    /// <summary>
    /// Asks each store, and handles the answers on the pipeline thread, in the order of the stores. As <see cref="RunOnEach"/>.
    /// </summary>
    private protected void AskEach<T>(
        IReadOnlyList<StoreLink> stores,
        object target,
        Func<IImageStore, IOperationObserver, CancellationToken, Task<T>> ask,
        Action<StoreLink, T> handle,
        bool ofStore = false,
        string? activity = null)
    {
        RunOnEach(stores, target, AskAsync, ofStore: ofStore, activity: activity);

        async Task AskAsync(StoreWork part, CancellationToken cancellationToken)
        {
            var answer = await ask(part.Store, part.Observer, cancellationToken).ConfigureAwait(false);
            part.Post(() => ForItem(target, () => handle(part.Link, answer), part.Link));
        }
    }

    /// <summary>Handles one item: its failure is written as an error, and the next item goes on.</summary>
    /// <param name="target">What the user gave.</param>
    /// <param name="handle">What to do.</param>
    /// <param name="link">The store that it is done in, or null.</param>
    private protected void ForItem(object target, Action handle, StoreLink? link = null)
    {
        try
        {
            handle();
        }
        catch (Exception failure) when (failure is ImageException or WorkFailedException)
        {
            WriteError(Record(failure, target, link));
        }
    }

    /// <summary>
    /// Begins the work on one item of a line when there is room; a failure before there is any work is written in the item's turn.
    /// </summary>
    private protected void StartItem(WorkLine line, object target, Action start)
    {
        line.WaitForRoom();
        try
        {
            start();
        }
        catch (ImageException failure)
        {
            line.Say(_ => WriteError(Record(failure, target, null)));
        }
    }

    /// <summary>Writes a store's failure; a store that cannot be reached is told once, and not asked again.</summary>
    private protected void Fail(StoreLink link, Exception failure, object target, bool ofStore = false)
    {
        if (!ofStore && !(link.IsDocker && IsGone(failure)))
        {
            WriteError(Record(failure, target, link));
        }
        else if (!link.Failed)
        {
            link.Failed = true;
            WriteError(Record(failure, link.Name, link));
        }
    }

    /// <summary>
    /// True when the next question to the Docker Engine would end as this one. A pull may be long for its registry's sake.
    /// </summary>
    private bool IsGone(Exception failure) => failure is ImageException { Kind: ImageErrorKind.StoreUnavailable }
        || (failure is ImageException { Kind: ImageErrorKind.Timeout } && !AsksRegistry);

    private ErrorRecord Record(Exception failure, object target, StoreLink? link) =>
        ErrorRecords.Of(failure, target, HasSeveralStores ? link?.Name : null,
            NamesItems && !ReferenceEquals(target, link?.Name) ? target as string : null);

    /// <summary>Reads a parameter that no item could do without: its failure ends the command.</summary>
    private protected T Require<T>(object? target, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ImageException failure)
        {
            ThrowTerminatingError(ErrorRecords.Of(failure, target));
            throw;
        }
    }

    /// <summary>True when the command has to do with more than one store, so that what it says must name the store.</summary>
    private bool HasSeveralStores => _stores.Count - _targets.Count + _refused.Count > 1;

    /// <summary>
    /// An image as it is written: its row on the screen says which store it is in, of a command that works on several, or which platform it
    /// is of, where a name has several.
    /// </summary>
    private protected object Row(Image image)
    {
        var name = HasSeveralStores ? "ImgsPS.Image#Stores" : ShowsPlatforms ? "ImgsPS.Image#Platforms" : null;
        if (name is null)
        {
            return image;
        }

        var row = PSObject.AsPSObject(image);
        if (row.TypeNames[0] != name)
        {
            row.TypeNames.Insert(0, name);
        }

        return row;
    }

    /// <summary>
    /// True when a row says which platform it is of. Set before the first row is written: all of a table have the same columns.
    /// </summary>
    private protected bool ShowsPlatforms { get; set; }

    /// <summary>True when a name leads to several images, of which the rows are to be told apart (FF2).</summary>
    private protected static bool HaveSeveralPlatforms(IEnumerable<Image> images) => images
        .Where(image => image.ManifestDigest is not null && image.ManifestDigest != image.Digest)
        .GroupBy(image => (image.Store, image.Name, image.Digest)).Any(same => same.Skip(1).Any());

    /// <summary>The store of a name or folder; null for the default store. Opened once for the command.</summary>
    /// <exception cref="ImageException">The name means no store.</exception>
    private protected StoreLink OpenStore(string? name)
    {
        var store = Open(name);
        _targets.Remove(store);
        return store;
    }

    /// <summary>
    /// As <see cref="OpenStore"/>, for a store that images are put into, or that is only asked about others: what is said of those need not
    /// name them for it.
    /// </summary>
    private protected StoreLink OpenTarget(string name)
    {
        var known = _stores.Count;
        var store = Open(name);
        if (_stores.Count > known)
        {
            _targets.Add(store);
        }

        return store;
    }

    private StoreLink Open(string? name)
    {
        if (_storesByName.TryGetValue(name ?? "", out var store))
        {
            return store;
        }

        var resolved = StoreNames.Resolve(name, SessionState.Path);
        if (!_stores.TryGetValue(resolved, out store))
        {
            store = new StoreLink(resolved, ImageStores.Open(
                resolved,
                FollowsSymlinks ? StoreAccess.Following
                    : IsWhatIf ? StoreAccess.ReadOnly with { AllowShared = AllowsSharedStore }
                    : StoreAccess.Full with { AllowShared = AllowsSharedStore },
                isUnattended: !Interactivity.CanAnswer(Host),
                Options));
            Prepare(store);
            _stores.Add(resolved, store);
            UsedNames.Stores.Add(resolved);
            if (StoreNames.RegistryOf(resolved) is { } registry)
            {
                UsedNames.Registries.Add(registry);
            }
        }

        _storesByName.Add(name ?? "", store);
        return store;
    }

    /// <summary>Reads a store that cannot answer before it is read.</summary>
    /// <exception cref="ImageException">It cannot be read.</exception>
    private void Prepare(StoreLink store)
    {
        if (store.Store is not IPreparedStore prepared)
        {
            return;
        }

        try
        {
            Run(prepared.PrepareAsync, "Reading");
        }
        catch (WorkFailedException failure)
        {
            prepared.Dispose();
            ExceptionDispatchInfo.Capture(failure.InnerException!).Throw();
        }
    }

    /// <summary>
    /// Refuses a store that came with data and is an address, or a text that a terminal would not show as it is, unless the session has
    /// used it: a row of a file must not open connections, also not with -WhatIf (SF10, SF11).
    /// </summary>
    /// <exception cref="ImageException">InvalidArgument.</exception>
    private protected void EnsureNotStrange(string name)
    {
        if ((StoreNames.IsAddress(name) || !PrintableText.IsPlain(name))
            && !UsedNames.Stores.Contains(StoreNames.Resolve(name, SessionState.Path)))
        {
            var shown = PrintableText.Of(PrintableText.WithoutPassword(name));
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"the store '{shown}' came with the pipeline's data, is an address or has hidden characters, and was not used in this "
                    + "session",
                $"Give it with -Store if it is meant: -Store '{shown}'.");
        }
    }

    /// <summary>The names of -Store; of those that came by the pipeline the ones that may, with an error for each of the others.</summary>
    private protected IReadOnlyList<string>? Accepted(string[]? names)
    {
        if (names is null || _storeIsTyped)
        {
            return names;
        }

        var accepted = new List<string>();
        foreach (var name in names)
        {
            ForItem(name, () =>
            {
                EnsureNotStrange(name);
                accepted.Add(name);
            });
        }

        return accepted;
    }

    /// <summary>
    /// The stores of several names, each once. A name that means no store is one error; a store that failed before is left out.
    /// </summary>
    private protected IReadOnlyList<StoreLink> OpenStores(IEnumerable<string> names)
    {
        var stores = new List<StoreLink>();
        foreach (var name in names.Where(name => !_refused.Contains(name)))
        {
            try
            {
                var store = OpenStore(name);
                if (!store.Failed && !stores.Contains(store))
                {
                    stores.Add(store);
                }
            }
            catch (ImageException failure)
            {
                _refused.Add(name);
                WriteError(ErrorRecords.Of(failure, name));
            }
        }

        return stores;
    }

    /// <summary>
    /// " in" or " into" a store, for a question to the user; nothing for the local one, which is meant when no other is named.
    /// </summary>
    private protected static string Place(string preposition, StoreLink store) =>
        store.Name == StoreNames.Local ? "" : $" {preposition} {store.Name}";
}
