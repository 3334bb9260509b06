# docs/registry-runbook.md, step by step: 500 tags in 20 repositories of docker-registry, and fewer of the test registry in the manner of
# several registries. RD1-RD10, TG8, RF6, LG1.

BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker-registry, htpasswd
    if ($PSVersionTable.PSEdition -ne 'Core') { $missing = 'the double of a Docker Engine needs PowerShell 7' }
    $manners = @(
        @{ Manner = 'distribution 3'; Options = @{ TagDeletes = $true; Referrers = $true } }
        @{ Manner = 'docker-registry 2'; Options = @{ TagDeletes = $false; Referrers = $false } }
        @{ Manner = 'zot'; Options = @{ TagDeletes = $true; Referrers = $true; Auth = 'Basic'; MaxPageSize = 7 } }
        @{ Manner = 'Harbor'; Options = @{ TagDeletes = $false; Referrers = $true; Auth = 'Bearer' }
            Lock = 412, '{"errors":[{"code":"PRECONDITION","message":"configured as immutable"}]}' }
        @{ Manner = 'ACR'; Options = @{ TagDeletes = $true; Referrers = $true; Auth = 'Bearer' }
            Lock = 405, '{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported.","detail":"deleteEnabled=false, locked"}]}' }
        @{ Manner = 'GitLab'; Options = @{ TagDeletes = $true; Referrers = $false; Auth = 'Bearer' }
            Lock = 403, '{"errors":[{"code":"DENIED","message":"protected tag"}]}' }
    )
}

Describe 'The runbook for a registry' -Skip:([bool]$missing -or $PSVersionTable.PSEdition -ne 'Core') {
    BeforeAll {
        Import-Module "$PSScriptRoot/TestSession.psm1" -Force
        Import-Module "$PSScriptRoot/RealParts.psm1" -Force
        Import-Module "$PSScriptRoot/HelpExamples.psm1" -Force
        Import-TestModule
        $saved = $env:DOCKER_CONFIG, $env:XDG_CACHE_HOME, $env:IMGSPS_STORE
        $work = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-runbook-' + [guid]::NewGuid().ToString('N').Substring(0, 8))
        $null = New-Item -ItemType Directory $work, "$work/config"
        $env:DOCKER_CONFIG = "$work/config"
        $env:IMGSPS_STORE = "$work/store"
        $credential = [pscredential]::new('bob', (ConvertTo-SecureString 'pw of bob' -AsPlainText -Force))

        # The double of a Docker Engine, and the test registry with it.
        $root = [System.IO.Path]::GetFullPath((Join-Path $PSScriptRoot '../..'))
        $double = Get-ChildItem -Path (Join-Path $root 'tests/ImgsPS.TestDocker/bin/*/net8.0/ImgsPS.TestDocker.dll') |
            Sort-Object LastWriteTime | Select-Object -Last 1
        Add-Type -LiteralPath $double.FullName, (Join-Path $double.DirectoryName ImgsPS.TestRegistry.dll)

        # The steps, by the heading that they stand below.
        $text = [System.IO.File]::ReadAllText((Join-Path $root 'docs/registry-runbook.md')).Replace("`r`n", "`n")
        $steps = @([regex]::Matches($text, '(?ms)^## (\d)\. [^\n]*\n(.*?)(?=^## |\z)') | ForEach-Object {
                [pscustomobject]@{
                    Number = [int]$_.Groups[1].Value
                    Code   = @([regex]::Matches($_.Groups[2].Value, '(?ms)^```powershell\n(.*?)\n```') | ForEach-Object { $_.Groups[1].Value }) -join "`n"
                }
            })

        function New-Spec([int] $Seed, [string] $Created, [string] $Platform = 'linux/amd64') {
            $system, $architecture = $Platform.Split('/')
            [ImgsPS.Testing.ImageSpec]@{
                OS           = $system
                Architecture = $architecture
                Created      = if ($Created) { [DateTimeOffset]::Parse($Created, [cultureinfo]::InvariantCulture) }
                Layers       = [ImgsPS.Testing.LayerSpec[]]@(
                    [ImgsPS.Testing.LayerSpec]::new(1, 300), [ImgsPS.Testing.LayerSpec]::new($Seed, 200))
            }
        }

        # Fills a registry: so many tags in each of 20 repositories, and all that a clean-up must not break. Returns what must be gone and
        # what must be there behind it.
        function Add-Content($Server, [int] $TagsEach) {
            $age = @{ Old = '2021-03-05T08:00:00Z'; New = [DateTimeOffset]::UtcNow.AddDays(-3).ToString('o') }
            $gone = [System.Collections.Generic.List[string]]::new()
            $stay = [System.Collections.Generic.List[string]]::new()
            $digest = @{}
            $seed = 100
            foreach ($n in 1..20) {
                $repository = 'team/app{0:00}' -f $n
                # The last tag is latest, of the newest version.
                foreach ($minor in 1..($TagsEach - 1)) {
                    $tag = "1.$minor"
                    $isNewest = $minor -gt $TagsEach - 4
                    $created = if ($n -eq 6 -and $minor -eq 1) { $null } elseif ($isNewest) { $age.New } else { $age.Old }
                    $digest["${repository}:$tag"] = $Server.AddImage("${repository}:$tag", (New-Spec (++$seed) $created)).Digest
                    if ($isNewest -or -not $created) { $stay.Add("${repository}:$tag") } else { $gone.Add("${repository}:$tag") }
                }
                $Server.Tag($repository, 'latest', $digest["${repository}:1.$($TagsEach - 1)"])
                $stay.Add("${repository}:latest")
            }

            # A multi-platform image that goes, and one that stays, with one image in both.
            $shared = New-Spec 60 $age.Old 'linux/s390x'
            $old = $Server.AddIndex('team/multi:0.1', [ImgsPS.Testing.ImageSpec[]]@((New-Spec 61 $age.Old), $shared))
            $new = $Server.AddIndex('team/multi:0.2', [ImgsPS.Testing.ImageSpec[]]@((New-Spec 62 $age.New), $shared))
            $child = $new.Images[1].Digest
            if ($old.Images[1].Digest -ne $child) { throw 'the two indexes share no image' }
            1..3 | ForEach-Object { $null = $Server.AddImage("team/multi:1.$_", (New-Spec (70 + $_) $age.New)); $stay.Add("team/multi:1.$_") }
            $gone.Add('team/multi:0.1')
            $stay.Add('team/multi:0.2')

            # Two tags of one digest that go, and two of which others rely on one.
            $Server.Tag('team/app02', 'also', $digest['team/app02:1.1'])
            $gone.Add('team/app02:also')
            $Server.Tag('team/app03', 'production', $digest['team/app03:1.1'])
            $null = $gone.Remove('team/app03:1.1')
            $stay.Add('team/app03:1.1')
            $stay.Add('team/app03:production')

            # One that runs on a server, one that is signed, one that is locked, one that moves.
            foreach ($kept in 'team/app01:1.1', 'team/app04:1.1', 'team/app07:1.1') {
                $null = $gone.Remove($kept)
                $stay.Add($kept)
            }

            $null = Add-TestReferrer $Server.Host team/app04 -Subject $digest['team/app04:1.1'] -ArtifactType example/signature `
                -List:(-not $Server.Options.Referrers)
            [pscustomobject]@{
                Gone  = $gone
                Stay  = $stay
                Child = $child
                Moved = $Server.AddImage('team/app07', (New-Spec 80 $age.New)).Digest
                Signed = $digest['team/app04:1.1']
                Locked = $digest['team/app05:1.1']
            }
        }

        # The code of steps, with the names of this world.
        function Get-Step($World, [int[]] $Number) {
            $code = @($steps | Where-Object Number -in $Number).Code -join "`n"
            [scriptblock]::Create($code.Replace('reg.example.com', $World.Host).Replace('inventory.csv', "$work/inventory.csv").
                Replace('docker:web1, docker:web2', "'$($World.Engine.Address)'"))
        }

        # The tags that are there, without the registry's name.
        function Get-Tag($World, [switch] $All) {
            @(Get-ImageTag 'team/*' -Store "registry://$($World.Host)" -All:$All |
                ForEach-Object { $_.Reference.Substring($World.Host.Length + 1) } | Sort-Object)
        }

        # Runs the step of the plan where nobody sees its hundreds of lines.
        function Get-Plan($World, $Old, $Images) {
            $state = [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault()
            $state.ImportPSModule([string[]]@(Get-TestModulePath))
            $shell = [powershell]::Create($state)
            try {
                $null = $shell.AddScript("param(`$old, `$images) $(Get-Step $World 4)").AddArgument($Old).AddArgument($Images).Invoke()
                if ($shell.HadErrors -and $shell.Streams.Error.Count) { throw $shell.Streams.Error[0] }
                $shell.Runspace.SessionStateProxy.GetVariable('plan')
            }
            finally { $shell.Dispose() }
        }

        # Runs the whole book. -Move is what somebody does between plan and run; -Count gives the requests since the last call.
        function Invoke-Runbook($World, $Content, [scriptblock] $Move, [scriptblock] $Count, [switch] $IsLocked) {
            . (Get-Step $World 2, 3)
            $null = & $Count
            $plan = Get-Plan $World $old $images
            $before = & $Count
            $before.Keys | Should -Not -Contain DELETE
            $before.Keys | Should -Not -Contain PUT

            # What is planned is what should go, with what the steps behind this make stay.
            $names = @($plan | Where-Object { -not $_.Reason } | ForEach-Object { $_.Image.Substring($World.Host.Length + 1) } | Sort-Object)
            $names | Should -Be @($Content.Gone + 'team/app07:1.1' | Sort-Object)
            $signed = @($plan | Where-Object Reason)
            $signed.Image | Should -Be "$($World.Host)/team/app04:1.1"
            $signed.Reason | Should -BeLike '*example/signature*'
            ($plan | Measure-Object BytesUnreferenced -Sum).Sum | Should -BeGreaterThan 0

            $all = $images.Count
            & $Move
            $null = & $Count
            . (Get-Step $World 5) >$null 3>$null
            $requests = & $Count
            $locked = if ($IsLocked) { 'team/app05:1.1' }
            $stay = @($Content.Stay + $locked | Where-Object { $_ } | Sort-Object)
            Get-Tag $World | Should -Be $stay
            @($done | Where-Object Status -EQ Changed).Image | Should -Be "$($World.Host)/team/app07:1.1"
            @($done | Where-Object Status -EQ Locked).Image | Should -Be $(if ($locked) { "$($World.Host)/$locked" })
            @($done | Where-Object Status -EQ Removed) | Should -HaveCount ($Content.Gone.Count - [int][bool]$locked)
            $refused | Should -HaveCount 1

            # One DELETE for each image, one for two tags of it, none for what stays.
            $requests.DELETE | Should -Be ($Content.Gone.Count - 1)

            # What must live does: the shared child of two indexes, the signature, what runs.
            (Get-ImageManifest "team/multi@$($Content.Child)" -Store "registry://$($World.Host)").Digest | Should -Be $Content.Child
            @(Get-ImageReferrer "$($World.Host)/team/app04:1.1") | Should -HaveCount 1
            @(Get-Image team/multi:0.2 -Store "registry://$($World.Host)" -AllPlatforms) | Should -HaveCount 2

            # Once more: nothing but looks, and a knock at what is locked.
            . (Get-Step $World 2, 3)
            $null = & $Count
            . (Get-Step $World 5) >$null 3>$null
            $again = & $Count
            [int]$again.DELETE | Should -Be ([int][bool]$locked)
            $again.Keys | Should -Not -Contain PUT
            Get-Tag $World | Should -Be $stay
            Write-Host ('{0} tags, {1} removed: {2}; a second run: {3}' -f
                $all, $Content.Gone.Count, (Get-Words $requests), (Get-Words $again))
        }

        function Get-Words($Requests) { @($Requests.GetEnumerator() | Sort-Object Key | ForEach-Object { "$($_.Value) $($_.Key)" }) -join ', ' }

        function Start-Engine($Server) {
            $engine = [ImgsPS.Testing.TestDocker]::Start($Server)
            $null = Invoke-ImagePull "$($Server.Host)/team/app01:1.1" -Store $engine.Address
            $null = $engine.AddContainer("$($Server.Host)/team/app01:1.1", 'web', $true)
            $engine
        }
    }

    AfterAll {
        $env:DOCKER_CONFIG, $env:XDG_CACHE_HOME, $env:IMGSPS_STORE = $saved
        if ($work -and (Test-Path $work)) { Remove-Item -LiteralPath $work -Recurse -Force }
    }

    BeforeEach { Get-ChildItem -LiteralPath "$work/config" -Force | Remove-Item -Recurse -Force }

    It 'cleans a registry in the manner of <Manner>' -ForEach $manners {
        $server = [ImgsPS.Testing.TestRegistry]::Start()
        try {
            $server.Options.TagDeletes = $Options.TagDeletes
            $server.Options.Referrers = $Options.Referrers
            $content = Add-Content $server 8
            $engine = Start-Engine $server
            $world = [pscustomobject]@{ Host = $server.Host; Engine = $engine }
            $server.Options.MaxPageSize = $Options['MaxPageSize']
            $server.Options.Users['bob'] = 'pw of bob'
            $server.Options.Auth = $Options['Auth'] ?? 'None'
            if ($Lock) {
                $answer = [ImgsPS.Testing.FaultAction]::Status($Lock[0], $Lock[1], @())
                $server.Faults.Add([ImgsPS.Testing.Fault]::new("^DELETE .*/$($content.Locked)", $answer, [int]::MaxValue, 0))
            }

            . (Get-Step $world 1) >$null 3>$null
            Invoke-Runbook $world $content -IsLocked:([bool]$Lock) -Move { $server.Tag('team/app07', '1.1', $content.Moved) } -Count {
                $counts = @{}
                $server.Requests | Where-Object Path -Like '/v2/*' | Group-Object Method | ForEach-Object { $counts[$_.Name] = $_.Count }
                $server.ClearRequests()
                $counts
            }
        }
        finally {
            if ($engine) { $engine.Dispose() }
            $server.Dispose()
        }
    }

    It 'removes nothing from a registry that deletes nothing, as Docker Hub, and says so once (RD7)' {
        $server = [ImgsPS.Testing.TestRegistry]::Start()
        try {
            $content = Add-Content $server 8
            $engine = Start-Engine $server
            $world = [pscustomobject]@{ Host = $server.Host; Engine = $engine }
            $server.Options.Deletes = $false
            $server.Options.Users['bob'] = 'pw of bob'
            $server.Options.Auth = 'Bearer'
            $limit = [ImgsPS.Testing.FaultAction]::ExtraHeaders([System.ValueTuple[string,string][]]@(
                    [System.ValueTuple]::Create('RateLimit-Limit', '100;w=21600')
                    [System.ValueTuple]::Create('RateLimit-Remaining', '76;w=21600')))
            $server.Faults.Add([ImgsPS.Testing.Fault]::new('^(GET|HEAD) /v2/', $limit, [int]::MaxValue, 0))
            . (Get-Step $world 1) >$null 3>$null
            $before = Get-Tag $world
            . (Get-Step $world 2, 3)
            $said = Get-ImageStore "registry://$($server.Host)"
            $said.RateLimit, $said.RateLimitRemaining, $said.RateLimitWindow | Should -Be 100, 76, ([timespan]'06:00:00')
            . (Get-Step $world 5) >$null

            Get-Tag $world | Should -Be $before
            @($refused | Where-Object { "$_" -like '*deletes nothing*' }) | Should -HaveCount 1
            "$($refused[-1].ErrorDetails.RecommendedAction)$($refused[0].ErrorDetails.RecommendedAction)" | Should -BeLike '*storage.delete.enabled*'
            @($done | Where-Object Status -EQ Removed) | Should -HaveCount 0
            $content.Gone.Count | Should -BeGreaterThan 20
        }
        finally {
            if ($engine) { $engine.Dispose() }
            $server.Dispose()
        }
    }

    It 'cleans docker-registry with 500 tags in 20 repositories' {
        $server = [ImgsPS.Testing.TestRegistry]::Start()
        $null = New-Item -ItemType Directory "$work/real"
        try {
            $content = Add-Content $server 25
            & htpasswd -Bbc -C 4 "$work/real/users" bob 'pw of bob' 2>$null
            $real = Start-RealRegistry "$work/real" -Users "$work/real/users" -AccessLog
            $engine = Start-Engine $server
            $world = [pscustomobject]@{ Host = $real.Host; Engine = $engine }
            . (Get-Step $world 1) >$null 3>$null
            $copied = @(Copy-Image 'team/*' -Store "registry://$($server.Host)" -Destination "registry://$($real.Host)" -IncludeReferrers)
            $copied.Count | Should -BeGreaterOrEqual 500
            $log = "$work/real/registry.log.out"
            $script:read = 0
            Invoke-Runbook $world $content -Move {
                $null = Copy-Image "team/app07@$($content.Moved)" -Store "registry://$($server.Host)" -Destination "$($real.Host)/team/app07:1.1"
            } -Count {
                $lines = [System.IO.File]::ReadAllLines($log)
                $counts = @{}
                $lines[$script:read..$lines.Count] | ForEach-Object { if ($_ -match '"([A-Z]+) /v2/') { $Matches[1] } } | Group-Object |
                    ForEach-Object { $counts[$_.Name] = $_.Count }
                $script:read = $lines.Count
                $counts
            }

            # What needs -Force in a registry that deletes digests alone (RD2), what is refused (RD4), and a list of referrers that goes
            # with its last one (RD6).
            $store = "registry://$($real.Host)"
            { Remove-Image team/app03:production -Store $store -ErrorAction Stop } | Should -Throw '*does not delete a tag by itself*1.1 would go too*'
            (Remove-Image team/app03:production -Store $store -Force -PassThru).Status | Should -Be Removed
            { Remove-Image "team/multi@$($content.Child)" -Store $store -ErrorAction Stop } | Should -Throw '*team/multi:0.2*'
            Get-Tag $world -All | Should -Contain "team/app04:$($content.Signed.Replace(':', '-'))"
            Get-ImageReferrer "$($real.Host)/team/app04:1.1" | Remove-Image
            (Remove-Image team/app04:1.1 -Store $store -PassThru).Status | Should -Be Removed
            Get-Tag $world -All | Should -Be @($content.Stay | Where-Object { $_ -notin 'team/app03:production', 'team/app04:1.1' } | Sort-Object)
        }
        finally {
            if ($engine) { $engine.Dispose() }
            if ($real) { Stop-RealPart $real }
            $server.Dispose()
        }
    }
}
