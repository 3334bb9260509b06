# The places of a store, the kinds of files that can stand there, and how a command is run that may hang. For HostileStore.Tests.ps1,
# HostileConfig.Tests.ps1 and their workers.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

# Every file and folder that a store has or can have. In braces: what the worker's store has there. Without: what is taken away first, so
# that the commands come to write the place.
$places = @(
    'folder|blobs'
    'folder|blobs/sha256'
    'folder|.imgsps'
    'folder|.imgsps/ingest'
    'folder|.imgsps/ingest/{key}'
    'folder|.imgsps/ingest/{spare}'
    'folder|.imgsps/locks'
    'folder|.imgsps/leases'
    'folder|.imgsps/quarantine'
    'folder|.imgsps/trash'
    'file|oci-layout'
    'file|index.json'
    'file|blobs/sha256/{manifest}'
    'file|blobs/sha256/{config}'
    'file|blobs/sha256/{layer}'
    'file|.imgsps/version'
    'file|.imgsps/ingest/{key}/lock'
    'file|.imgsps/ingest/{key}/data'
    'file|.imgsps/ingest/{key}/meta.json'
    'file|.imgsps/locks/store.lock'
    'file|.imgsps/locks/store.lock.owner'
    'file|.imgsps/leases/{lease}.lock'
    'file|.imgsps/leases/{lease}.list'
    'file|.imgsps/quarantine/{quarantined}'
    'file|.imgsps/trash/{trashed}'
    'file|.imgsps/index.prev.json'
    'file|.imgsps/index.seal'
    'file|.imgsps/catalog.json'
    'file|.imgsps/verified.0'
    'file|{corrupt}'
    'file|index.json.tmp'
    'file|.imgsps/index.json.tmp'
    'file|.imgsps/index.prev.json.tmp'
    'file|.imgsps/index.seal.tmp'
    'file|.imgsps/catalog.json.tmp|.imgsps/catalog.json'
    'file|.imgsps/clock.tmp'
    'file|.imgsps/self-test-1.tmp|oci-layout .imgsps/version'
    'file|.imgsps/self-test-2.tmp|oci-layout .imgsps/version'
    'file|.imgsps/version.tmp|.imgsps/version'
    'file|.imgsps/oci-layout.tmp|oci-layout'
)

# What stands in a place, and in the place of what: a file, a folder or both.
$kinds = [ordered]@{
    'a link to its like outside' = 'both'
    'a relative link to something else outside' = 'both'
    'a link to nothing, outside' = 'both'
    'a second name of a file outside' = 'file'
    'a pipe' = 'both'
    'the device zero' = 'both'
    'a folder' = 'file'
    'a file' = 'folder'
}

# What only somebody who is not root meets.
$rightKinds = [ordered]@{ 'mode 000' = 'both'; 'owned by root' = 'both' }

# What somebody exchanges for a link while a command works.
$swapped = 'blobs', 'blobs/sha256', 'blobs/sha256/{layer}', '.imgsps', '.imgsps/ingest', '.imgsps/ingest/{key}', '.imgsps/leases',
    '.imgsps/locks', '.imgsps/quarantine', '.imgsps/trash', 'index.json', '.imgsps/index.prev.json', '.imgsps/catalog.json',
    '.imgsps/locks/store.lock'

# The commands. Each gets the store S, the registry's address H, the id of a dangling image D, and in A what a change needs besides.
$reads = [ordered]@{
    'Get-Image' = { param($S) Get-Image -All -Store $S }
    'Get-ImageStore' = { param($S) Get-ImageStore $S }
    'Get-ImageConfig' = { param($S, $H) Get-ImageConfig "$H/team/app:1" -Store $S }
    'Get-ImageHistory' = { param($S, $H) Get-ImageHistory "$H/team/app:1" -Store $S }
    'Get-ImageLayer' = { param($S, $H) Get-ImageLayer "$H/team/app:1" -Store $S }
    'Get-ImageManifest' = { param($S, $H) Get-ImageManifest "$H/team/app:1" -Store $S }
    'Test-ImageStore' = { param($S) Test-ImageStore $S }
    'Test-ImageStore -Full' = { param($S) Test-ImageStore $S -Full }
}

$changes = [ordered]@{
    'Invoke-ImagePull of a new image' = { param($S, $H, $D, $A) Invoke-ImagePull "$H/team/new:1" -Store $S @A }
    'Invoke-ImagePull of an image that is there' = { param($S, $H, $D, $A) Invoke-ImagePull "$H/team/app:1" -Store $S @A }
    'Invoke-ImagePull of content in the trash' = { param($S, $H, $D, $A) Invoke-ImagePull "$H/team/trashed:1" -Store $S @A }
    'Add-ImageTag' = { param($S, $H, $D, $A) Add-ImageTag "$H/team/app:1" "$H/team/other:9" -Store $S @A }
    'Remove-Image' = { param($S, $H, $D, $A) Remove-Image "$H/team/app:1" -Store $S @A }
    'Remove-Image of a dangling image' = { param($S, $H, $D, $A) Remove-Image $D -Store $S @A }
    'Optimize-ImageStore' = { param($S, $H, $D, $A) Optimize-ImageStore $S -GracePeriod 0 -IncludeQuarantine @A }
    'Repair-ImageStore -Full' = { param($S, $H, $D, $A) Repair-ImageStore $S -Full @A }
    'Repair-ImageStore -Full -Refetch' = { param($S, $H, $D, $A) Repair-ImageStore $S -Full -Refetch @A }
}

# A set of them, by name: Read; WritingRead, those that write in a store that is the user's (the catalog, and what is damaged goes to the
# quarantine); Change; FewReads and FewChanges, one of each kind; Quiet, which may not write whatever the store is: -WhatIf and completion.
function Get-HostileCommand {
    param([Parameter(Mandatory)] [ValidateSet('Read', 'FewReads', 'WritingRead', 'Change', 'FewChanges', 'Quiet')] [string] $Set)

    $found = [ordered]@{}
    switch ($Set) {
        'Read' { $found = $reads }
        'FewReads' {
            foreach ($name in 'Get-Image', 'Get-ImageConfig', 'Get-ImageStore', 'Test-ImageStore -Full') { $found[$name] = $reads[$name] }
        }
        'WritingRead' { foreach ($name in 'Get-Image', 'Get-ImageConfig', 'Test-ImageStore -Full') { $found[$name] = $reads[$name] } }
        'Change' { $found = $changes }
        'FewChanges' {
            foreach ($name in 'Invoke-ImagePull of a new image', 'Invoke-ImagePull of an image that is there', 'Add-ImageTag',
                'Remove-Image', 'Optimize-ImageStore', 'Repair-ImageStore -Full') {
                $found[$name] = $changes[$name] }
        }
        'Quiet' {
            foreach ($name in $changes.Keys) {
                $found["$name -WhatIf"] = [scriptblock]::Create("$($changes[$name])".Replace('@A', '-WhatIf')) }
            $found['completion'] = { param($S, $H) (TabExpansion2 "Get-Image -Store '$S' $H/te").CompletionMatches.CompletionText }
            $found['completion to remove'] = {
                param($S, $H) (TabExpansion2 "Remove-Image -Store '$S' $H/te").CompletionMatches.CompletionText }
        }
    }

    $found
}

# The places as objects, each with the kinds that make sense there.
function Get-HostilePlace {
    foreach ($line in $places) {
        $type, $name, $without = $line -split '\|'
        [pscustomobject]@{ Type = $type; Name = $name; Without = @(if ($without) { $without -split ' ' }) }
    }
}

# A row for each kind in each place.
function Get-HostileCase {
    param([switch] $Rights)

    $all = if ($Rights) { $rightKinds } else { $kinds }
    foreach ($kind in $all.Keys) {
        foreach ($place in Get-HostilePlace) {
            if ($all[$kind] -ne 'both' -and $all[$kind] -ne $place.Type) { continue }
            # Nothing of the store stands there.
            if ($Rights -and $place.Name -like '*.tmp') { continue }
            # What a temporary file was called once: nothing is made there any more, so that one kind is enough.
            if ($place.Name -like '*.tmp' -and $kind -ne 'a link to its like outside') { continue }
            [pscustomobject]@{ Kind = $kind; Place = $place.Name; Type = $place.Type; Without = $place.Without }
        }
    }
}

function Get-SwappedPlace { $swapped }

# Why the tests cannot run here; nothing where they can.
function Get-NotHostileReason {
    if ($env:OS -eq 'Windows_NT') { return 'Windows: no pipes, devices and owners as on Linux; junctions are tested by themselves.' }
    if (-not (Test-Path -LiteralPath /proc/self/status)) { return 'It needs Linux: its calls are made by number.' }
    if ((& id -u) -ne '0') { return 'It needs root, over the store of another user.' }
    if (-not (Test-Path -LiteralPath /usr/bin/setpriv)) { return 'setpriv is not installed.' }
}

# Where the stores of these tests are: in memory, where there is that.
function New-HostileFolder {
    $base = if (Test-Path -LiteralPath /dev/shm) { '/dev/shm' } else { [System.IO.Path]::GetTempPath() }
    (New-Item -ItemType Directory -Path "$base/imgsps-hostile-$([guid]::NewGuid().ToString('N'))").FullName
}

# What runs a command as another user.
function Get-OtherUser { '/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups' }

# A PowerShell that the other user may run: this one, or a copy in a folder that everybody may read.
function Get-OtherUserShell([string[]] $Shell, [string] $Folder) {
    $user, [string[]] $arguments = Get-OtherUser
    & $user @arguments test -r $Shell[-1] -a -x $Shell[0]
    if ($LASTEXITCODE -eq 0) { return $Shell }

    $copy = Join-Path $Folder 'shell'
    if (-not (Test-Path -LiteralPath $copy)) {
        Copy-Item -LiteralPath $PSHOME -Destination $copy -Recurse
        [HostileFiles.Tree]::Give($copy, 0, 0x1ED, 0x1ED)
    }

    @($Shell | Select-Object -SkipLast 1) + (Join-Path $copy ([System.IO.Path]::GetFileName($Shell[-1])))
}

# Compiles what PowerShell does not have.
function Import-HostileType {
    if (-not ('HostileFiles.Tree' -as [type])) { Add-Type -Path "$PSScriptRoot/HostileFiles.cs" }
}

# A runspace with the module, in which everything that a command says is kept.
function New-HostileRunspace {
    param([Parameter(Mandatory)] [string] $Module)

    $state = [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault2()
    $state.ImportPSModule([string[]]@($Module))
    $runspace = [runspacefactory]::CreateRunspace($state)
    $runspace.ThreadOptions = 'ReuseThread'
    $runspace.Open()
    foreach ($name in 'Verbose', 'Debug', 'Warning', 'Error') { $runspace.SessionStateProxy.SetVariable("${name}Preference", 'Continue') }
    $runspace.SessionStateProxy.SetVariable('ProgressPreference', 'SilentlyContinue')
    $runspace
}

# Runs a script that may hang. What it gave, what it said, and whether it had to be stopped. A pipe that it hangs at is opened for it, so
# that the runspace can be used again; Lost where that does not help.
function Invoke-Hostile {
    param(
        [Parameter(Mandatory)] [System.Management.Automation.Runspaces.Runspace] $Runspace,
        [Parameter(Mandatory)] [string] $Script,
        [Parameter(Mandatory)] [hashtable] $Parameters,
        [Parameter(Mandatory)] [double] $Seconds,
        [string] $Pipe
    )

    $shell = [powershell]::Create()
    $shell.Runspace = $Runspace
    $null = $shell.AddScript($Script).AddParameters($Parameters)
    $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $handle = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]$null, $output)
    $ended = $handle.AsyncWaitHandle.WaitOne([timespan]::FromSeconds($Seconds))
    $lost = $false
    $thrown = $null
    if (-not $ended) {
        $stop = $shell.BeginStop($null, $null)
        $stopped = $stop.AsyncWaitHandle.WaitOne(2000)
        if (-not $stopped -and $Pipe) {
            [HostileFiles.Linux]::Release($Pipe)
            $stopped = $stop.AsyncWaitHandle.WaitOne(2000)
        }

        $lost = -not $stopped
    } else {
        try { $null = $shell.EndInvoke($handle) } catch { $thrown = $_.Exception.InnerException }
    }

    # ReadAll does not wait for more, as an enumeration of what is not complete would.
    $errors = @($shell.Streams.Error.ReadAll())
    if ($thrown -and $thrown.PSObject.Properties['ErrorRecord']) { $errors += $thrown.ErrorRecord }
    $said = @(foreach ($record in $errors) {
            "$record"; $record.Exception.ToString()
            if ($record.ErrorDetails) { "$($record.ErrorDetails.Message) $($record.ErrorDetails.RecommendedAction)" }
        })
    [pscustomobject]@{
        Hangs = -not $ended
        Lost = $lost
        Output = @($output.ReadAll())
        Errors = $errors
        Said = $said -join "`n"
        Warnings = @($shell.Streams.Warning.ReadAll()) -join "`n"
        Told = @($shell.Streams.Verbose.ReadAll(); $shell.Streams.Debug.ReadAll()) -join "`n"
    }

    if (-not $lost) { $shell.Dispose() }
}

Export-ModuleMember -Function Get-HostilePlace, Get-HostileCase, Get-HostileCommand, Get-SwappedPlace, Get-NotHostileReason,
    Get-OtherUser, Get-OtherUserShell, New-HostileFolder, Import-HostileType, New-HostileRunspace, Invoke-Hostile
