using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>The other programs' command lines, for those that are there.</summary>
/// <param name="options">The options.</param>
/// <param name="registry">The registry that all pull from.</param>
/// <param name="meter">What measures them.</param>
/// <param name="engine">Docker's address; null for no comparison with docker.</param>
internal sealed class Peers(BenchOptions options, RegistryProcess registry, Meter meter, string? engine)
{
    private const string Unsynced = "not fsynced";

    /// <summary>Where skopeo copies to.</summary>
    public string Layout { get; } = Path.Combine(options.Work, "theirs");

    public bool HasDocker => engine is not null;

    private string Docker => $"docker -H {Meter.Quote(engine!)}";

    // Both folders stay the same: podman remembers the second in the first.
    private string Podman =>
        $"podman --storage-driver overlay --root {Meter.Quote(Path.Combine(options.Work, "podman"))}"
        + $" --runroot {Meter.Quote(Path.Combine(options.Work, "podman-run"))}";

    private string Archive => Path.Combine(options.Work, $"store-{options.Store}.tar");

    public static bool IsInstalled(string command) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, command)));

    public Side Process(string name, Func<Task> prepare, string script, bool daemon = false) =>
        new(name, prepare, () => meter.ProcessAsync(script, daemon));

    /// <summary>Copies into one layout, which is emptied before; null without skopeo.</summary>
    public Side? Skopeo(IReadOnlyList<string> names, bool sync = false, bool keep = false)
    {
        if (!IsInstalled("skopeo"))
        {
            return null;
        }

        var copies = string.Join(" &&\n", names.Select(name =>
        {
            var tag = name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..].Replace(':', '-');
            return $"skopeo copy -q --src-tls-verify=false {Meter.Quote($"docker://{registry.Host}/{name}")} " +
                $"{Meter.Quote($"oci:{Layout}:{tag}")}";
        }));
        var title = $"{Times(names)}skopeo copy → oci:{(sync ? ", then sync" : ", " + Unsynced)}";
        return Process(
            title,
            () => keep ? Task.CompletedTask : BenchContext.PutAsideAsync(Layout),
            copies + (sync ? $" && sync -f {Meter.Quote(Layout)}" : ""));
    }

    /// <summary>Pulls by docker, images that are removed before; null without a Docker Engine.</summary>
    public Side? DockerPull(IReadOnlyList<string> names, bool keep = false)
    {
        var references = names.Select(n => $"{registry.Host}/{n}").ToArray();
        return HasDocker
            ? Process(
                $"{Times(names)}docker pull",
                () => keep ? Task.CompletedTask : DockerRemoveAsync(names),
                string.Join(" &&\n", references.Select(r => $"{Docker} pull -q {r}")),
                daemon: true)
            : null;
    }

    /// <summary>Removes what was pulled by docker, if it is there.</summary>
    public Task DockerRemoveAsync(IReadOnlyList<string> names) => HasDocker
        ? meter.ProcessAsync($"{Docker} image rm -f {string.Join(' ', names.Select(n => $"{registry.Host}/{n}"))} || true")
        : Task.CompletedTask;

    public Side? DockerImages() => HasDocker
        ? Process("docker images", BenchContext.NothingAsync, $"{Docker} images >/dev/null", daemon: true)
        : null;

    /// <summary>Has Docker save an image to a file, which is there then; false without Docker.</summary>
    public async Task<bool> DockerSaveAsync(string name, string file)
    {
        if (!HasDocker)
        {
            return false;
        }

        await meter.ProcessAsync($"{Docker} pull -q {registry.Host}/{name} && {Docker} save -o {Meter.Quote(file)} {registry.Host}/{name}");
        return true;
    }

    /// <summary>Saves an image that Docker has; null without Docker.</summary>
    public Side? DockerSave(string name, string file) => HasDocker
        ? Process("docker save", () =>
        {
            File.Delete(file);
            return Task.CompletedTask;
        }, $"{Docker} save -o {Meter.Quote(file)} {registry.Host}/{name}", daemon: true)
        : null;

    /// <summary>Loads a saved image, which is removed before; null without Docker.</summary>
    public Side? DockerLoad(string name, string file) => HasDocker
        ? Process("docker load", () => DockerRemoveAsync([name]), $"{Docker} load -q -i {Meter.Quote(file)}", daemon: true)
        : null;

    /// <summary>The archive of the store that is listed and emptied, made when it is not there.</summary>
    public string MakeArchive()
    {
        if (!File.Exists(Archive))
        {
            StoreMaker.MakeArchive(Archive, options.Store);
        }

        return Archive;
    }

    /// <summary>Loads it; null without Docker.</summary>
    public Side? DockerLoadMany() => HasDocker
        ? Process(
            "docker load", () => meter.ProcessAsync($"{Docker} image prune -af --filter label={Documents.Label}"),
            $"{Docker} load -q -i {Meter.Quote(MakeArchive())}", daemon: true)
        : null;

    /// <summary>Has Docker load the images of the store that is listed and emptied.</summary>
    public async Task DockerLoadAsync()
    {
        if (!HasDocker)
        {
            return;
        }

        await meter.ProcessAsync($"{Docker} load -q -i {Meter.Quote(MakeArchive())}");
    }

    public Side? DockerPrune() => HasDocker
        ? Process("docker image prune -af", DockerLoadAsync, $"{Docker} image prune -af --filter label={Documents.Label}", daemon: true)
        : null;

    public Side? DockerManifest(string name) => IsInstalled("docker")
        ? Process("docker manifest inspect", BenchContext.NothingAsync, $"docker manifest inspect --insecure {registry.Host}/{name}")
        : null;

    /// <summary>Pulls by one podman into a root of its own, which is emptied before; null without podman.</summary>
    public Side? PodmanPull(IReadOnlyList<string> names, bool keep = false) => IsInstalled("podman")
        ? Process(
            $"podman pull{(names.Count > 1 ? $", {names.Count} images in one" : "")}, {Unsynced}",
            () => keep ? Task.CompletedTask : PodmanRemoveAsync(),
            $"{Podman} pull -q --tls-verify=false {string.Join(' ', names.Select(n => $"{registry.Host}/{n}"))}")
        : null;

    /// <summary>Removes all that podman has in that root.</summary>
    public Task PodmanRemoveAsync() => IsInstalled("podman") ? meter.ProcessAsync($"{Podman} rmi -af || true") : Task.CompletedTask;

    /// <summary>Lists what podman has in that root.</summary>
    public Side? PodmanImages() => IsInstalled("podman")
        ? Process("podman images", BenchContext.NothingAsync, $"{Podman} images >/dev/null") : null;

    private static string Times(IReadOnlyList<string> names) => names.Count > 1 ? $"{names.Count} × " : "";
}
