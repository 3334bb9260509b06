# The cmdlets over a real Docker in a folder of its own, by two addresses.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker, dockerd, docker-registry, busybox
    if ($missing) {
        Write-Warning "Tests with a real Docker are skipped; this machine has no $missing."
    }
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    Import-TestModule
    $missing = Get-MissingPart docker, dockerd, docker-registry, busybox
    if (-not $missing) {
        $folder = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-engine-' + [guid]::NewGuid().ToString('N').Substring(0, 8))
        $null = New-Item -ItemType Directory -Path $folder, "$folder/context"
        $env:DOCKER_BUILDKIT = '0'
        $registry = Start-RealRegistry $folder
        $engine = Start-RealDocker $folder
        $docker = $engine.Socket
        $second = "unix://$folder/./docker.sock"
        $dead = "unix://$folder/nobody.sock"
        $store = New-TestStore
        Copy-Item (Get-Command busybox -CommandType Application)[0].Source "$folder/context/busybox"
        function docker { Invoke-Native (Get-Command docker -CommandType Application)[0].Source -H $docker @args }
        function Build([string] $Tag, [string] $Version) {
            Set-Content "$folder/context/Dockerfile" "FROM scratch`nCOPY busybox /bin/busybox`nLABEL version=$Version`nENV PATH=/bin`nCMD [`"/bin/busybox`", `"sleep`", `"600`"]"
            $null = docker build --network none -q -t $Tag "$folder/context"
        }
        Build "$($registry.Host)/team/app:1" 1
        $null = docker push -q "$($registry.Host)/team/app:1"
        $team = "$($registry.Host)/team"
    }
}

AfterAll {
    if (-not $missing) {
        Stop-RealPart $engine
        Stop-RealPart $registry
        Remove-TestStore $store
        $env:DOCKER_BUILDKIT = $null
        Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction Ignore
    }
}

Describe 'Docker as a store' -Skip:([bool]$missing) {
    It 'is listed as docker lists it, with the type of the local store' {
        $image = Get-Image -Store $docker
        $image | Should -BeOfType ImgsPS.Image
        $image.Id | Should -Be (docker images -q --no-trunc)
        $image.Store | Should -Be $docker
        $image.Labels['version'] | Should -Be '1'
        (Get-Image -Store $docker -All).Count | Should -BeGreaterThan 1
        @(Get-Image -Store $docker -Filter 'label=version=2') | Should -BeNullOrEmpty
        (Get-Image "$team/app" -Store $docker -Filter 'label=version=1').Tag | Should -Be '1'
    }

    It 'DU7: goes back from a row of an inventory' {
        $row = Get-Image "$team/app:1" -Store $docker -As Inventory | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv
        $null = $row | Copy-Image -Destination "$folder/copied" -ErrorAction Stop
        (Get-Image -Store "$folder/copied").Id | Should -Be $row.Id
    }

    It 'EN5: says what it uses of a registry' {
        $null = docker create --name uses "$team/app:1"
        try {
            $image = Get-Image app:1 -Store "registry://$team" -InUseOn $docker
            $image.UsedBy | Should -BeLike "uses (*) on $docker"
            (Get-Image "app@$($image.Digest)" -Store "registry://$team" -InUseOn $docker).InUse | Should -BeTrue
        } finally {
            $null = docker rm uses
        }

        (Get-Image app:1 -Store "registry://$team" -InUseOn $docker).InUse | Should -BeFalse
    }

    It 'says what it is' {
        $info = Get-ImageStore $docker
        $info.Kind | Should -Be 'docker'
        $info.Version | Should -Be (docker version --format '{{.Server.Version}}')
        $info.Images | Should -Be 1
    }

    It 'pulls, tags and removes with the local store and past a dead one' {
        $pulled = Invoke-ImagePull "$team/app:1" -Store $docker, local, $dead -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed.FullyQualifiedErrorId | Should -Be 'StoreUnavailable,ImgsPS.Cmdlets.InvokeImagePullCommand'
        $failed.TargetObject | Should -Be $dead
        $pulled.Id | Select-Object -Unique | Should -HaveCount 1
        $pulled.Digest | Select-Object -Unique | Should -HaveCount 1
        (Add-ImageTag "$team/app:1" 'both:1' -Store $docker, local -PassThru).Store | Should -Be $docker, 'local'
        (docker images -q both:1) | Should -Be $pulled[0].Id.Substring(7, 12)
        $removals = Get-Image both:1 -Store $docker, local | Remove-Image -PassThru
        $removals.Store | Should -Be $docker, 'local'
        docker images -q both:1 | Should -BeNullOrEmpty
    }

    It 'is looked into as the local store is' {
        $configs = Get-ImageConfig "$team/app:1" -Store $docker, local
        ($configs | Select-Object Id, Command, Env, Labels, Platform | ForEach-Object { ConvertTo-Json $_ }) | Select-Object -Unique |
            Should -HaveCount 1
        @(Get-ImageHistory "$team/app:1" -Store $docker).CreatedBy | Should -Be @(Get-ImageHistory "$team/app:1" -Store local).CreatedBy
        @(Get-ImageLayer "$team/app:1" -Store $docker).ChainId | Should -Be @(Get-ImageLayer "$team/app:1" -Store local).ChainId
    }

    It 'is one store by each of its addresses, side by side' {
        $images = Get-Image "$team/app:1" -Store $docker, $second, local
        $images.Store | Should -Be $docker, $second, 'local'
        $images.Id | Select-Object -Unique | Should -HaveCount 1
    }

    It 'refuses what a container uses, and leaves it out of a pipeline (D5, P3, P5)' {
        Build used:1 used
        Build free:1 free
        docker tag free:1 free:2
        $container = docker create --network none --name keeper used:1
        (Get-Image used:1 -Store $docker).UsedBy | Should -Be 'keeper'
        Remove-Image used:1 -Store $docker -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'ImageInUse,ImgsPS.Cmdlets.RemoveImageCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceBusy'
        $failed[0].Exception.Message | Should -BeLike 'conflict: unable to remove repository reference "used:1" (must force) - container *'
        $null = docker pull -q "$team/app:1"
        $removals = Get-Image -Store $docker | Where-Object { -not $_.InUse -and $_.Repository -eq 'free' } | Remove-Image -PassThru
        $removals.Image | Should -Be 'free:1', 'free:2'
        @($removals | Where-Object { $_.Deleted.Count -gt 0 }) | Should -HaveCount 1
        docker images -q free | Should -BeNullOrEmpty
        docker images -q used | Should -Not -BeNullOrEmpty
        $null = docker rm keeper
    }

    It 'is told by -WhatIf what Docker then does and refuses (D4-D6, FF7)' {
        Build plan:1 planned
        docker tag plan:1 plan:2
        Build inuse:1 inuse
        $null = docker create --name planned inuse:1
        $ids = foreach ($name in 'plan:1', 'inuse:1') { (Get-Image $name -Store $docker).Id }
        $items = @($ids; 'inuse:1'; 'plan:1'; 'nosuch:1'; $ids[0])
        $quiet = @{ Store = $docker; PassThru = $true; ErrorAction = 'SilentlyContinue' }
        $plan = @($items | Remove-Image -WhatIf -ErrorVariable planned @quiet)
        $done = @($items | Remove-Image -ErrorVariable failed @quiet)
        @($plan | Where-Object { -not $_.Reason } | ForEach-Object { "$($_.Untagged)" }) | Should -Be 'plan:1', 'plan:2'
        $done | ForEach-Object { "$($_.Untagged)" } | Should -Be 'plan:1', 'plan:2'
        $plan[-1].Deleted[0] | Should -Be $ids[0]
        $done[-1].Deleted[0] | Should -Be $ids[0]
        $planned | ForEach-Object { "$($_.FullyQualifiedErrorId) $_" } |
            Should -Be @($failed | ForEach-Object { "$($_.FullyQualifiedErrorId) $_" })
        $planned | Should -HaveCount 4
        $null = docker rm planned
        Remove-Image inuse:1 -Store $docker -ErrorAction Stop
    }

    It 'is listed once for a removal of many, whatever that changes' {
        Build many:1 many
        2..5 | ForEach-Object { docker tag many:1 "many:$_" }
        $images = Get-Image many -Store $docker
        $lists = @($images | Remove-Image -Debug 5>&1 | Where-Object { "$_" -match 'GET .*/images/json' })
        $lists | Should -HaveCount 1
        docker images -q many | Should -BeNullOrEmpty
    }

    It 'keeps images pulled by digest, and says so where they were given (P2, FF4)' {
        $digest = (Get-Image "$team/app:1" -Store $docker).Digest
        Remove-Image "$team/app:1" -Store $docker
        $null = docker pull -q "$team/app@$digest"
        Build moved:1 old
        Build moved:1 new
        Get-Image -Store $docker | Where-Object Dangling | Remove-Image -WarningVariable said -WarningAction SilentlyContinue
        Get-Image -Store $docker | Where-Object Dangling | Should -BeNullOrEmpty
        $said | Should -BeNullOrEmpty
        (Get-ImageStore $docker).Pinned | Should -Be 1
        Get-Image "$team/app@$digest" -Store $docker | Remove-Image -WarningVariable said -WarningAction SilentlyContinue
        (Get-Image "$team/app@$digest" -Store $docker).Pinned | Should -BeTrue
        $said | Should -HaveCount 1
        "$said" | Should -BeLike "$team/app@$digest is kept in the store*"
        Get-Image "$team/app@$digest" -Store $docker | Remove-Image -IncludePinned -ErrorAction Stop
        Get-Image -Store $docker | Where-Object { -not $_.Tag } | Should -BeNullOrEmpty
    }

    It 'is asked for updates by the digest that it was pulled with, else by its config, and names containers (UP1, UP3, UP7)' {
        Build "$team/up:1" up
        Build "$team/newer:1" newer
        $null = docker push -q "$team/up:1"
        $null = docker push -q "$team/newer:1"
        'same', 'other', 'local' | ForEach-Object { docker tag "$team/up:1" "$team/${_}:1" }
        $null = docker create --name up-1 "$team/up:1"
        $from = @{ Store = "registry://$($registry.Host)" }
        $null = Copy-Image "$team/up:1" "$team/same:1" @from
        $null = Copy-Image "$team/newer:1" "$team/other:1" @from
        $up = @{}
        Get-Image "$team/*" -Store $docker | Test-ImageUpdate | ForEach-Object { $up["$_".Substring($team.Length + 1)] = $_ }
        'up:1', 'same:1', 'other:1', 'local:1' | ForEach-Object { "$($up[$_].Status) $($up[$_].Evidence)" } |
            Should -Be 'Current Digest', 'Current Config', 'NewDigest Config', 'Gone None'

        $null = Copy-Image "$team/newer:1" "$team/up:1" @from
        $update = Test-ImageUpdate "$team/up:1" -Store $docker
        "$($update.Status) $($update.UsedBy)" | Should -Be 'NewDigest up-1'
        $null = docker rm up-1
        Get-Image "$team/*" -Store $docker | Where-Object Tag | Where-Object Repository -NE "$team/app" | Remove-Image
    }

    It 'completes from Docker' {
        $line = "Get-Image -Store $docker move"
        [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText |
            Should -Contain 'moved:1'
    }
}
