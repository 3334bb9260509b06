BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker, dockerd, skopeo, umoci, podman, tar
    $tools = @(
        @{ Tool = 'docker save'; Name = 'app:1' }
        @{ Tool = 'docker save, compressed'; Name = 'app:1' }
        @{ Tool = 'skopeo docker-archive'; Name = 'team/app:1' }
        @{ Tool = 'skopeo oci-archive'; Name = 'reg.example.com/team/app:2' }
        @{ Tool = 'skopeo oci folder'; Name = 'given:base' }
        @{ Tool = 'umoci'; Name = 'given:base' }
        @{ Tool = 'docker save, unpacked'; Name = 'app:1' }
        @{ Tool = 'podman docker-archive'; Name = 'localhost/app:1' }
        @{ Tool = 'podman oci-archive'; Name = 'localhost/app:1' }
        @{ Tool = 'Export-Image'; Name = 'app:1' }
    )
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1", "$PSScriptRoot/RealParts.psm1" -Force
    Import-TestModule
    $saved = $env:IMGSPS_SHARED_STORES
    $env:IMGSPS_SHARED_STORES = '*'
    $work = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-import-' + [guid]::NewGuid().ToString('N'))
    $null = New-Item -ItemType Directory -Path $work

    # An archive made here, for what needs no real part: one layer, as docker 20.10 writes it.
    function New-TestArchive([string] $Path, [string[]] $Tags = 'small:1') {
        $folder = New-Item -ItemType Directory (Join-Path $work ([guid]::NewGuid().ToString('N')))
        $layer = New-Item -ItemType Directory (Join-Path $folder x)
        Set-Content -LiteralPath (Join-Path $work content.txt) -Value "content of $Tags"
        tar -C $work -cf (Join-Path $layer layer.tar) content.txt
        $diff = (Get-FileHash -LiteralPath (Join-Path $layer layer.tar)).Hash.ToLowerInvariant()
        $config = '{"architecture":"amd64","os":"linux","config":{"Cmd":["/x"]},' +
            '"rootfs":{"type":"layers","diff_ids":["sha256:' + $diff + '"]}}'
        [System.IO.File]::WriteAllText((Join-Path $folder c.json), $config)
        $list = ConvertTo-Json @(@{ Config = 'c.json'; RepoTags = @($Tags); Layers = @('x/layer.tar') }) -Depth 4 -Compress
        [System.IO.File]::WriteAllText((Join-Path $folder manifest.json), $list)
        tar -C $folder -cf $Path x/layer.tar c.json manifest.json
        $Path
    }
}

AfterAll {
    $env:IMGSPS_SHARED_STORES = $saved
    Remove-Item -LiteralPath $work -Recurse -Force
}

Describe 'Import-Image' {
    BeforeEach {
        $store = New-TestStore
        Push-Location -LiteralPath $work
    }

    AfterEach {
        Pop-Location
        Remove-TestStore $store
    }

    It 'writes an Image for each name, and what became of it' {
        $tar = New-TestArchive (Join-Path $work two.tar) 'small:1', 'reg.example.com/small:2'
        $images = Import-Image $tar
        $images.Reference | Should -Be 'small:1', 'reg.example.com/small:2'
        $images.Status | Should -Be 'Imported', 'Imported'
        $images[0].Id | Should -Be $images[1].Id
        (Import-Image $tar).Status | Should -Be 'UpToDate', 'UpToDate'
        (Get-Image).Reference | Sort-Object | Should -Be ('reg.example.com/small:2', 'small:1')
        Test-ImageStore -Full | Should -BeNullOrEmpty
    }

    It 'says that a name moved, and from what' {
        $first = Import-Image (New-TestArchive (Join-Path $work first.tar) 'small:1')
        $other = New-TestArchive (Join-Path $work other.tar) 'small:1', 'more:1'
        $moved = Import-Image $other | Where-Object Reference -EQ small:1
        $moved.Status, $moved.PreviousDigest | Should -Be 'Moved', $first.Digest
        (Get-Image | Where-Object Dangling).Id | Should -Be $first.Id
    }

    It 'takes <Form>' -ForEach @(
        @{ Form = 'a relative path'; Value = { 'p1.tar' } }
        @{ Form = 'a wildcard'; Value = { 'p*.tar' } }
        @{ Form = 'a path with brackets'; Value = { 'br[1]p.tar' } }
    ) {
        $null = New-TestArchive (Join-Path $work p1.tar) 'small:1'
        Copy-Item (Join-Path $work p1.tar) ([System.IO.Path]::Combine($work, 'br[1]p.tar'))
        Import-Image (& $Value) | Should -HaveCount 1
        (Get-Image).Reference | Should -Be 'small:1'
    }

    It 'takes files and strings of the pipeline, and a path with brackets as it stands' {
        $null = New-TestArchive (Join-Path $work q1.tar) 'small:1'
        $null = New-TestArchive (Join-Path $work q2.tar) 'small:2'
        Move-Item -LiteralPath (Join-Path $work q2.tar) ([System.IO.Path]::Combine($work, 'q[2].tar'))
        (Get-ChildItem -Path $work -Filter q*.tar | Import-Image).Reference | Sort-Object | Should -Be 'small:1', 'small:2'
        ('q[2].tar' | Import-Image).Reference | Should -Be 'small:2'
        ([pscustomobject]@{ FullName = Join-Path $work q1.tar } | Import-Image).Status | Should -Be 'UpToDate'
    }

    It 'takes a stream, and closes it' {
        $stream = [System.IO.File]::OpenRead((New-TestArchive (Join-Path $work s.tar)))
        (Import-Image -InputStream $stream).Reference | Should -Be 'small:1'
        $stream.CanRead | Should -BeFalse
        (Import-Image -InputStream ([System.IO.File]::OpenRead((Join-Path $work s.tar)))).Status | Should -Be 'UpToDate'
    }

    It 'reads the standard input of its process to the byte' -Skip:($PSVersionTable.PSEdition -ne 'Core' -or $IsWindows) {
        $null = New-TestArchive (Join-Path $work in.tar)
        $shell = @(Get-TestShell) -join "' '"
        foreach ($round in 1..3) {
            $script = "Import-Module '$(Get-TestModulePath)'; (Import-Image -).Reference"
            $said = sh -c "cat in.tar | '$shell' -NoProfile -NonInteractive -Command `"`$0`"" $script
            $said | Should -Be 'small:1'
        }
    }

    It 'goes on after an archive that is broken, and an error names it' {
        $null = New-TestArchive (Join-Path $work g.tar)
        Set-Content -LiteralPath (Join-Path $work bad.tar) -Value ('x' * 2000)
        $images = Import-Image bad.tar, nosuch.tar, g.tar -ErrorAction SilentlyContinue -ErrorVariable failed
        $images.Reference | Should -Be 'small:1'
        $failed.FullyQualifiedErrorId | Should -Be @(
            'InvalidContent,ImgsPS.Cmdlets.ImportImageCommand', 'ImageNotFound,ImgsPS.Cmdlets.ImportImageCommand')
        $failed[0].Exception.Message | Should -BeLike '*not a tar archive*'
        $failed[1].TargetObject | Should -Be 'nosuch.tar'
        Import-Image none*.tar | Should -BeNullOrEmpty
    }

    It 'changes nothing with -WhatIf, and says what it would do' {
        $null = New-TestArchive (Join-Path $work w.tar)
        Get-WhatIfLine { Import-Image w.tar -WhatIf } | Should -BeLike '*"Import images"*w.tar*'
        Get-ChildItem -LiteralPath $store -Force | Should -BeNullOrEmpty
    }

    It 'imports into the stores that -Store names, and says that a registry is none' {
        $null = New-TestArchive (Join-Path $work o.tar)
        $other = Join-Path $work other
        (Import-Image o.tar -Store local, $other).Store | Sort-Object | Should -Be (@('local', $other) | Sort-Object)
        Import-Image o.tar -Store registry://127.0.0.1:1 -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed.FullyQualifiedErrorId | Should -Be 'NotSupported,ImgsPS.Cmdlets.ImportImageCommand'
        Import-Image -InputStream ([System.IO.File]::OpenRead((Join-Path $work o.tar))) -Store local, $other `
            -ErrorAction SilentlyContinue -ErrorVariable failed
        "$failed" | Should -BeLike '*can be read once*'
    }

    It 'refuses a -Repository with a tag, and takes one for an image of a tree' {
        { Import-Image x.tar -Repository app:1 } | Should -Throw -ErrorId 'InvalidArgument*'
        Set-Content -LiteralPath (Join-Path $work file) -Value 'hello'
        tar -C $work -czf (Join-Path $work tree.tgz) file
        $image = Import-Image tree.tgz -RootFileSystem -Repository base -Change 'CMD ["/file"]', 'LABEL a=b' `
            -Message 'by hand' -Platform linux/arm64
        $image.Reference, "$($image.Platform)", $image.Labels.a | Should -Be 'base:latest', 'linux/arm64', 'b'
        (Get-ImageHistory base).Comment | Should -Be 'by hand'
        Import-Image tree.tgz -RootFileSystem -Change 'RUN x' -ErrorAction SilentlyContinue -ErrorVariable failed
        "$failed" | Should -BeLike '*run is not a valid change command*'
    }

    It 'leaves the store as it was when the process is killed, and finishes the next time' `
        -Skip:($IsWindows -or $PSVersionTable.PSEdition -ne 'Core') {
        $null = New-TestArchive (Join-Path $work k.tar) 'kept:1'
        $before = Import-Image k.tar
        # A pipe that never ends: the process reads, and is killed there.
        $script = "Import-Module '$(Get-TestModulePath)'; Import-Image -"
        $start = [System.Diagnostics.ProcessStartInfo]::new(@(Get-TestShell)[0])
        @(@(Get-TestShell) | Select-Object -Skip 1) + '-NoProfile', '-Command', $script | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.RedirectStandardInput = $true
        $process = [System.Diagnostics.Process]::Start($start)
        $null = New-TestArchive (Join-Path $work big.tar) 'big:1'
        $bytes = [System.IO.File]::ReadAllBytes((Join-Path $work big.tar))
        $process.StandardInput.BaseStream.Write($bytes, 0, 2000)
        $process.StandardInput.BaseStream.Flush()
        while (-not (Test-Path (Join-Path $store '.imgsps/leases/*.lock'))) { Start-Sleep -Milliseconds 50 }
        $process.Kill()
        $process.WaitForExit()
        (Get-Image).Digest | Should -Be $before.Digest
        (Import-Image big.tar).Reference | Should -Be 'big:1'
        Test-ImageStore -Full | Where-Object Severity -EQ Error | Should -BeNullOrEmpty
    }
}

Describe 'Import-Image of what real tools write' -Skip:($missing -ne '') {
    BeforeAll {
        $real = Join-Path $work real
        $null = New-Item -ItemType Directory $real
        $docker = Start-RealDocker $real
        Push-Location -LiteralPath $real
        # Two layers, one of them large; the image runs nothing but a static program where there is one.
        $null = New-Item -ItemType Directory (Join-Path $real tree/etc)
        Set-Content -LiteralPath (Join-Path $real tree/etc/name) -Value one
        $random = [byte[]]::new(3MB)
        [System.Random]::new(5).NextBytes($random)
        [System.IO.File]::WriteAllBytes((Join-Path $real tree/big), $random)
        Invoke-Native umoci init --layout lay
        Invoke-Native umoci new --image lay:base
        Invoke-Native umoci insert --image lay:base tree /
        Invoke-Native umoci insert --image lay:base tree/etc /more
        Invoke-Native umoci config --image lay:base --config.cmd /big
        Invoke-Native skopeo copy -q oci:lay:base docker-archive:skopeo-docker.tar:team/app:1
        Invoke-Native skopeo copy -q oci:lay:base oci-archive:skopeo-oci.tar:reg.example.com/team/app:2
        Invoke-Native skopeo copy -q oci:lay:base oci:folder:base
        Invoke-Native docker -H $docker.Socket load -i skopeo-docker.tar
        Invoke-Native docker -H $docker.Socket tag team/app:1 app:1
        Invoke-Native docker -H $docker.Socket save -o docker.tar app:1
        Invoke-Native sh -c 'gzip -c docker.tar > docker.tgz; mkdir unpacked; tar -C unpacked -xf docker.tar'
        # podman wants a short path.
        $short = Join-Path ([System.IO.Path]::GetTempPath()) ('ip' + [guid]::NewGuid().ToString('N').Substring(0, 6))
        $podman = @('podman', '--root', "$short/r", '--runroot', "$short/u", '--tmpdir', "$short/t", '--storage-driver', 'vfs')
        Invoke-Native skopeo copy -q oci:lay:base docker-archive:for-podman.tar:localhost/app:1
        Invoke-Native @podman load -q -i for-podman.tar
        Invoke-Native @podman save -q --format docker-archive -o podman-docker.tar localhost/app:1
        Invoke-Native @podman save -q --format oci-archive -o podman-oci.tar localhost/app:1
        $config = Invoke-Native skopeo inspect --config --raw oci:lay:base | ConvertFrom-Json
        $id = (Invoke-Native skopeo inspect --raw oci:lay:base | ConvertFrom-Json).config.digest
        Pop-Location
    }

    AfterAll {
        Stop-RealPart $docker
        Set-Location -LiteralPath $PSScriptRoot
        if ($short -and (Test-Path $short)) { Remove-Item -LiteralPath $short -Recurse -Force }
    }

    BeforeEach {
        $store = New-TestStore
    }

    AfterEach {
        Remove-TestStore $store
    }

    It 'keeps id and diff ids of <Tool> (AR8, AR9, AR11)' -ForEach $tools {
        if ($Tool -eq 'Export-Image') {
            $null = Import-Image (Join-Path $real docker.tar)
            Export-Image app:1 (Join-Path $real ours.tar) -Confirm:$false
            $null = Remove-Image app:1
        }

        $path = Join-Path $real @{
            'docker save' = 'docker.tar'; 'docker save, compressed' = 'docker.tgz'; 'skopeo docker-archive' = 'skopeo-docker.tar'
            'skopeo oci-archive' = 'skopeo-oci.tar'; 'skopeo oci folder' = 'folder'; 'umoci' = 'lay'; 'docker save, unpacked' = 'unpacked'
            'podman docker-archive' = 'podman-docker.tar'; 'podman oci-archive' = 'podman-oci.tar'; 'Export-Image' = 'ours.tar'
        }[$Tool]
        $image = Import-Image $path -Repository given -ErrorAction Stop
        $image.Reference | Should -Be $Name
        $image.Status | Should -Be 'Imported'
        if ($Tool -ne 'podman oci-archive') { $image.Id | Should -Be $id }
        $image.Layers.DiffId | Should -Be $config.rootfs.diff_ids
        Test-ImageStore -Full | Should -BeNullOrEmpty
    }

    It 'gives skopeo what it took from it, with the digest as it was' {
        $image = Import-Image (Join-Path $real skopeo-oci.tar)
        Invoke-Native skopeo copy -q "oci:${store}:reg.example.com/team/app:2" "oci:$(Join-Path $real back):x"
        (Get-Image -Store (Join-Path $real back)).Digest | Should -Be $image.Digest
    }

    It 'goes back into docker with the same id' {
        $null = Import-Image (Join-Path $real docker.tar)
        Export-Image app:1 (Join-Path $real again.tar) -Confirm:$false
        Invoke-Native docker -H $docker.Socket rmi app:1 team/app:1
        Invoke-Native docker -H $docker.Socket load -i (Join-Path $real again.tar)
        Invoke-Native docker -H $docker.Socket image inspect -f '{{.Id}}' app:1 | Should -Be $id
    }

    It 'refuses what docker refuses, in its words' {
        $broken = Join-Path $real broken
        Invoke-Native sh -c "mkdir '$broken' && tar -C '$broken' -xf '$real/docker.tar'"
        $list = Get-Content -LiteralPath (Join-Path $broken manifest.json) -Raw | ConvertFrom-Json
        foreach ($case in @(
                @{ Change = { $list[0].RepoTags = @('e10') }; Says = '*invalid tag "e10"*' }
                @{ Change = { $list[0].RepoTags = @('app:1'); $list[0].Layers = @($list[0].Layers[0]) }
                    Says = '*layers length mismatch: expected 1, got 2*' })) {
            & $case.Change
            [System.IO.File]::WriteAllText((Join-Path $broken manifest.json), (ConvertTo-Json @($list) -Depth 5))
            $tar = Join-Path $real broken.tar
            Invoke-Native tar -C $broken -cf $tar .
            (docker -H $docker.Socket load -i $tar 2>&1) -join ' ' | Should -BeLike $case.Says
            Import-Image $tar -ErrorAction SilentlyContinue -ErrorVariable failed
            "$failed" | Should -BeLike $case.Says
        }

        Get-Image | Should -BeNullOrEmpty
    }

    It 'reads docker save through a pipe' {
        $shell = @(Get-TestShell) -join "' '"
        Invoke-Native docker -H $docker.Socket load -q -i (Join-Path $real docker.tar)
        $script = "Import-Module '$(Get-TestModulePath)'; (Import-Image -).Id"
        sh -c "docker -H $($docker.Socket) save app:1 | '$shell' -NoProfile -NonInteractive -Command `"`$0`"" $script | Should -Be $id
    }
}
