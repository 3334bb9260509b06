# Every example of docs/cmdlets runs, and Get-Help shows the pages. HelpExamples.psm1 has what the examples need.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/HelpExamples.psm1" -Force
    $examples = @(Get-HelpExample | ForEach-Object { @{ Name = $_.Name; Title = $_.Title; Example = $_ } })
    $cmdlets = @($examples.Example.Cmdlet | Select-Object -Unique | ForEach-Object { @{ Cmdlet = $_ } })
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-Module "$PSScriptRoot/HelpExamples.psm1" -Force
    Import-TestModule
}

Describe 'The examples of the help' {
    BeforeAll {
        $saved = $env:IMGSPS_STORE, $env:DOCKER_CONFIG, $env:DOCKER_HOST, $env:DOCKER_CONTEXT, $env:PATH
        $env:DOCKER_HOST = $env:DOCKER_CONTEXT = $null
        $world = Start-ExampleWorld
        $address = $world.Registry.Host
        function Get-Name { @(Get-Image @args).Reference | Sort-Object }

        # Why an example does not run here. No example may be missing from both tables.
        $cannotRun = @{}
        if (-not $world.Dockers) {
            foreach ($name in 'Add-ImageTag 3', 'Copy-Image 6', 'Get-Image 8', 'Get-Image 9', 'Get-Image 13', 'Get-Image 14',
                'Invoke-ImagePull 7', 'Test-ImageUpdate 2') {
                $cannotRun[$name] = 'The double of a Docker Engine needs PowerShell 7.'
            }
        }

        if ([System.IO.Path]::DirectorySeparatorChar -eq '\') {
            $cannotRun['Connect-ImageRegistry 4'] = 'The helper of this example is a script of Unix.'
        }

        $configFile = Join-Path $world.Config config.json

        # What is done before an example runs.
        $before = @{
            'Connect-ImageRegistry 1' = { Set-ExamplePassword $world }
            'Connect-ImageRegistry 2' = {
                Set-ExamplePassword $world
                $env:REGISTRY_TOKEN = 'pw'
            }
            'Connect-ImageRegistry 3' = { Set-ExamplePassword $world }
            'Connect-ImageRegistry 4' = { Set-ExampleLogin $world -Helper }
            'Disconnect-ImageRegistry 1' = { Set-ExampleLogin $world }
            'Disconnect-ImageRegistry 2' = { Set-ExampleLogin $world }
            'Find-Image 3'        = { Set-ExamplePassword $world }
            'Get-ImageTag 2'      = {
                $null = Add-TestImage $world.Registry 'tool:2.1' @{
                    created = '2024-03-05T00:00:00Z'; layers = @(@{ seed = 8; size = 800 })
                }
            }
            'Import-Image 1'      = { Export-Image "$address/app:1.4" (Join-Path $world.Work app.tar) }
            'Import-Image 2'      = {
                Export-Image "$address/app:1.4" (Join-Path $world.Work a.tar)
                Export-Image "$address/team/app:1.4" (Join-Path $world.Work b.tar)
                $null = Remove-Image "$address/team/app:1.4"
            }
            'Import-Image 3'      = {
                $layout = Join-Path $world.Work layout
                Export-Image "$address/tool:latest" $layout -Format Folder
                # As umoci writes it: no names but tags.
                Remove-Item -LiteralPath (Join-Path $layout manifest.json) -ErrorAction Ignore
                $index = Get-Content -LiteralPath (Join-Path $layout index.json) -Raw
                Set-Content -LiteralPath (Join-Path $layout index.json) -Value ($index -replace '"io.containerd.image.name":"[^"]*",')
            }
            'Import-Image 4'      = { tar -C $PSScriptRoot -czf (Join-Path $world.Work rootfs.tar.gz) TestSession.psm1 }
            'Import-Image 5'      = { Export-Image "$address/app:1.4" (Join-Path $world.Work app.tar) }
            'Invoke-ImagePull 6'  = { Set-ExamplePassword $world }
            'Remove-Image 7'      = {
                $old = @{ created = '2023-03-01T00:00:00Z'; layers = @(@{ seed = 31; size = 700 }) }
                $null = Add-TestImage $world.Registry builds/old:1 $old
                $null = Add-TestImage $world.Registry builds/new:1 @{ created = [datetime]::UtcNow.ToString('o'); layers = @(@{ seed = 32; size = 700 }) }
            }
            'Remove-Image 8'      = {
                $signed = (Add-TestImage $world.Registry builds/web:1.3 @{ layers = @(@{ seed = 33; size = 700 }) }).digest
                $null = Add-TestReferrer $address builds/web -Subject $signed -ArtifactType application/vnd.example.signature
            }
            'Repair-ImageStore 1' = { Set-ExampleDamage "$address/app:1.3" $world.Store }
            'Repair-ImageStore 2' = { Set-ExampleDamage "$address/app:1.3" $world.Store }
            'Repair-ImageStore 3' = {
                Set-ExampleDamage "$address/app:1.3" $world.Store
                Remove-Item -LiteralPath (
                    Join-Path $world.Store ('blobs/' + (Get-ImageLayer "$address/app:1.3")[-1].Digest.Replace(':', '/')))
                Set-ExamplePassword $world
            }
            'Repair-ImageStore 4' = {
                Set-ExampleDamage "$address/app:1.3" $world.Store
                Set-ExampleDamage (Get-Image | Where-Object Dangling) $world.Store
            }
            'Test-ImageStore 2'   = { Set-ExampleDamage "$address/app:1.3" $world.Store }
            'Test-ImageStore 3'   = { Set-ExampleDamage "$address/app:1.3" $world.Folder }
            'Test-ImageStore 4'   = { Remove-Item `
                -LiteralPath (Join-Path $world.Store ('blobs/' + (Get-ImageLayer "$address/app:1.3")[-1].Digest.Replace(':', '/'))) }

            # These are the last examples: nothing else needs the tags as they were.
            'Test-ImageUpdate 1'  = { $null = Add-TestImage $world.Registry 'app:1' @{ layers = @(@{ seed = 40; size = 900 }) } }
            'Test-ImageUpdate 2'  = {
                $null = $world.Dockers[0].AddContainer("$address/app:1.4", 'web', $true)
                $null = Add-TestImage $world.Registry 'app:1.4' @{ layers = @(@{ seed = 41; size = 900 }) }
            }
            'Test-ImageUpdate 5'  = { $null = Add-TestImage $world.Registry 'tool:1' @{ layers = @(@{ seed = 1; size = 3000 }) } }
        }

        # What is true behind an example.
        $after = @{
            'Add-ImageTag 1'        = { Get-Name (Get-Image "$address/app:1.4").Id | Should -Be "$address/app:1.4", "$address/app:stable" }
            'Add-ImageTag 2'        = {
                Get-Name (Get-Image "$address/app:1.4").Id |
                    Should -Be "$address/app:1", "$address/app:1.4", "$address/app:latest", "$address/team/app:1.4"
            }
            'Add-ImageTag 3'        = {
                $output | Should -BeOfType ImgsPS.Image
                $output.Store | Should -Be 'docker:web1', 'docker:web2'
                $output.Reference | Should -Be "$address/app:stable", "$address/app:stable"
            }
            'Add-ImageTag 4'        = {
                Get-Image | Where-Object Dangling | Should -BeNullOrEmpty
                @(Get-Image kept) | Should -HaveCount 1
            }
            'Connect-ImageRegistry 1' = {
                $output.StoredIn | Should -Be $configFile
                (Get-Content $configFile -Raw | ConvertFrom-Json).auths.$address.auth | Should -Be 'Ym9iOnB3'
            }
            'Connect-ImageRegistry 2' = {
                $env:REGISTRY_TOKEN = $null
                $output.UserName | Should -Be 'bob'
                $output.Verified | Should -BeTrue
            }
            'Connect-ImageRegistry 3' = { $output.Registry | Should -Be $address, $address }
            'Connect-ImageRegistry 4' = {
                $output.StoredIn | Should -Be 'docker-credential-example'
                Get-Content $configFile -Raw | Should -Not -BeLike '*Ym9iOnB3*'
            }
            'Disconnect-ImageRegistry 1' = {
                $output | Should -BeNullOrEmpty
                Get-Content $configFile -Raw | Should -Not -BeLike '*Ym9iOnB3*'
            }
            'Disconnect-ImageRegistry 2' = {
                $said | Should -HaveCount 2
                Get-Content $configFile -Raw | Should -BeLike '*Ym9iOnB3*'
            }
            'Export-Image 1'        = {
                $output | Should -BeNullOrEmpty
                tar -xOf (Join-Path $world.Work app.tar) manifest.json | Should -BeLike "*$address/app:1.4*"
            }
            'Export-Image 2'        = {
                $output.Name | Should -Be 'team.tar.gz'
                tar -xzOf $output.FullName manifest.json | Should -BeLike "*$address/team/app:1.4*$address/team/tests:latest*"
            }
            'Export-Image 3'        = {
                $said | Should -HaveCount 1
                $said[0] | Should -BeLike '*Export 17 images (*)*all.tar*'
                Test-Path (Join-Path $world.Work all.tar) | Should -BeFalse
            }
            'Export-Image 4'        = {
                $members = tar -tf (Join-Path $world.Work update.tar)
                $members | Should -Contain '.imgsps-delta.json'
                $members | Should -Not -Contain "blobs/sha256/$((Get-ImageLayer "$address/app:1.4")[0].Digest -replace '.*:')"
                $members | Should -Contain "blobs/sha256/$((Get-ImageLayer "$address/app:1.4")[1].Digest -replace '.*:')"
            }
            'Export-Image 5'        = { (Get-Image -Store (Join-Path $world.Work layout)).Reference | Should -Be "$address/app:1.4" }
            'Find-Image 1'          = { $output.Name | Should -BeLike '*powershell' }
            'Find-Image 2'          = { $output.Name | Should -BeLike '*/nginx' }
            'Find-Image 3'          = { $output.Name | Should -BeLike '*team/nginx' }
            'Find-Image 4'          = {
                $output.Reference | Should -Be "$address/hello-world:latest"
                Get-Name hello-world* | Should -Be "$address/hello-world:latest"
            }
            'Get-Image 1'           = {
                $output | Should -BeOfType ImgsPS.Image
                $output | Should -HaveCount 17
            }
            'Get-Image 2'           = {
                @(Get-Image) | Should -HaveCount 16
                Get-Image | Where-Object Dangling | Should -BeNullOrEmpty
            }
            'Get-Image 3'           = {
                $output.Size | Should -Be @($output.Size | Sort-Object -Descending)
                $output[0].Dangling | Should -BeTrue
                @($output | Where-Object Size -le 1KB) | Should -BeNullOrEmpty
            }
            'Get-Image 4'           = { $output.Reference | Should -Be "$address/app:1.4" }
            'Get-Image 5'           = { $output.Reference | Sort-Object | Should -Be "$address/team/app:1.4", "$address/team/tests:latest" }
            'Get-Image 6'           = { $output.Reference | Sort-Object | Should -Be "$address/app:1.3", "$address/app:1.4" }
            'Get-Image 7'           = {
                $said | Should -HaveCount 2
                $said[0] | Should -BeLike "*$address/many:2*"
                $said[1] | Should -BeLike "*$address/many:1*"
                @(Get-Image) | Should -HaveCount 17
            }
            'Get-Image 8'           = { $output.Store | Select-Object -Unique | Should -Be 'docker:web1', 'docker:web2', 'local' }
            'Get-Image 9'           = {
                $rows = Import-Csv (Join-Path $world.Work images.csv)
                $rows.Store | Select-Object -Unique | Should -Be 'docker:web1', 'local'
                $rows.Labels | Should -Contain 'env=prod'
            }
            'Get-Image 10'          = { $output.Reference | Should -Be "$address/team/app:1.4" }
            'Get-Image 11'          = { $output | Should -BeExactly "$address/team/app:1.4" }
            'Get-Image 12'          = { "$($output.Platform)" | Should -Be 'linux/amd64 linux/arm64/v8' }
            'Get-Image 13'          = {
                $output.Reference | Sort-Object | Should -Be "$address/team/app:1.4", "$address/team/tests:latest"
            }
            'Get-Image 14'          = {
                # Other examples give the image of the Engine more names.
                @($said -like "*$address/app:1.4 *") | Should -HaveCount 1
                @($said -notlike '*in docker:web1*') | Should -HaveCount 0
            }
            'Get-ImageConfig 1'     = { $output | Should -BeOfType ImgsPS.ImageConfig }
            'Get-ImageConfig 2'     = { $output | Should -BeLike '*/bin*' }
            'Get-ImageConfig 3'     = { $output.Reference | Should -Be "$address/app:1" }
            'Get-ImageConfig 4'     = { $output | Should -HaveCount 17 }
            'Get-ImageConfig 5'     = { $output.config | Should -Not -BeNullOrEmpty }
            'Get-ImageConfig 6'     = { $output.Reference | Should -Be "$address/team/app:1.4" }
            'Get-ImageHistory 1'    = {
                $output | Should -BeOfType ImgsPS.ImageHistoryEntry
                $output[0].Id | Should -Be (Get-Image "$address/app:1").Id
            }
            'Get-ImageHistory 2'    = {
                $output[0].Size | Should -BeGreaterThan $output[1].Size
                $output[0].CreatedBy | Should -Not -BeNullOrEmpty
            }
            'Get-ImageHistory 3'    = { @($output | Where-Object Size) | Should -HaveCount 2 }
            'Get-ImageLayer 1'      = {
                $output | Should -BeOfType ImgsPS.ImageLayer
                @($output.SharedWith) | Should -Not -BeNullOrEmpty
            }
            'Get-ImageLayer 2'      = {
                $output[0].Count | Should -Be 1
                $output[0].Sum | Should -Be (Get-ImageLayer "$address/app:1")[-1].Size
            }
            'Get-ImageLayer 3'      = { $output.SideIndicator | Sort-Object | Should -Be (@('==', '=>', '<=') | Sort-Object) }
            'Get-ImageLayer 4'      = { $output.Size | Should -Be (Get-ImageLayer "$address/app:1").Size }
            'Get-ImageManifest 1'   = { "$($output.Platform)" | Should -Be 'linux/amd64 linux/arm64/v8' }
            'Get-ImageManifest 2'   = { $output | Should -BeGreaterThan 0 }
            'Get-ImageManifest 3'   = { $output.manifests | Should -HaveCount 2 }
            'Get-ImageManifest 4'   = { $output | Should -BeTrue }
            'Get-ImageReferrer 1'   = {
                $output.ArtifactType | Sort-Object | Should -Be application/spdx+json, application/vnd.example.signature
            }
            'Get-ImageReferrer 2'   = { $output | Should -Be musl, zlib }
            'Get-ImageReferrer 3'   = {
                $output.Reference | Should -Not -Contain "$address/app:1.4"
                $output.Reference | Should -Contain "$address/app:1.3"
            }
            'Get-ImageReferrer 4'   = { $output.ArtifactType | Should -Be application/vnd.example.signature }
            'Get-ImageReferrer 5'   = { @($output | Where-Object { $_ -is [ImgsPS.ImageReferrer] }) | Should -HaveCount 2 }
            'Get-ImageStore 1'      = {
                $output | Should -BeOfType ImgsPS.ImageStoreInfo
                $output.Images | Should -Be 17
            }
            'Get-ImageStore 2'      = { Get-Image | Where-Object Dangling | Should -BeNullOrEmpty }
            'Get-ImageStore 4'      = { $output | Should -BeNullOrEmpty }
            'Get-ImageStore 3'      = {
                $lines = @(($output | Out-String -Width 300).Trim() -split '\r?\n')
                $lines[0] | Should -Match '^Store +Images +Bytes +ReclaimableBytes *$'
                $lines | Should -HaveCount 4
            }
            'Get-ImageTag 1'        = {
                $output | Should -BeOfType ImgsPS.ImageTag
                $output.Tag | Should -Be '2', '1.4', '1.3', '1'
            }
            'Get-ImageTag 2'        = { $output | Should -Be '2.1' }
            'Get-ImageTag 3'        = { $output.Tag | Should -Be '2', '1.4', '1.3' }
            'Get-ImageTag 4'        = { $output.Tag | Should -Be '1.4', '1.3' }
            'Get-ImageTag 5'        = {
                $output.Reference | Should -Contain "$address/app:2"
                $output.Reference | Should -Contain "$address/many:7"
                @($output | Group-Object Repository | Where-Object Count -GT 1) | Should -BeNullOrEmpty
            }
            'Get-ImageTag 6'        = { $output.Reference | Should -Be "$address/team/app:1.4" }
            'Get-ImageTag 7'        = { $output.Reference | Should -Be "$address/app:1.4", "$address/app:2" }
            'Copy-Image 1'          = {
                $output.Status | Should -Be Created
                $output.BytesUploaded | Should -Be 0
                $output.BytesMounted | Should -BeGreaterThan 1000
            }
            'Copy-Image 2'          = { $output.Reference | Sort-Object | Should -Be "$address/mirror/team/app:1.4", "$address/mirror/team/tests:latest" }
            'Copy-Image 3'          = {
                $output[0].SameDigest | Should -BeTrue
                $output[1].Reference | Should -Be "$address/app:1.4"
            }
            'Copy-Image 4'          = {
                $output.Reference | Should -Be "$address/app:1.4", "$address/app:1.4"
                $output[1].Id | Should -Be (Get-Image 'app:1.4' -Store "registry://$address").Id
            }
            'Copy-Image 5'          = { (Get-Image "app:1.3" -Store "registry://$address").Digest | Should -Not -Be (Get-Image "$address/app:1.4").Digest }
            'Copy-Image 6'          = { "$said" | Should -Match ', sends \d+ bytes, \d+ are there' }
            'Invoke-ImagePush 1'    = {
                $output.Reference | Should -Be "$address/team/copy:1.4"
                $output.BytesUploaded | Should -Be 0
            }
            'Invoke-ImagePush 2'    = { $output.Reference | Should -Contain "$address/mirror/app:1.3" }
            'Invoke-ImagePush 3'    = { "$said" | Should -BeLike "*to $address/backup/app:1.4*" }
            'Invoke-ImagePush 4'    = { $output.Reference | Should -Contain "$address/archive/app:1.4" }
            'Invoke-ImagePush 5'    = { $output.MediaType | Should -BeLike '*manifest*' }
            'Import-Image 1'        = { "$($output.Reference) $($output.Status)" | Should -Be "$address/app:1.4 UpToDate" }
            'Import-Image 2'        = {
                $text = $output | Out-String -Width 300
                $text | Should -Match "$([regex]::Escape($address))/team/app:1.4 +Imported"
                $text | Should -Match "$([regex]::Escape($address))/app:1.4 +UpToDate"
            }
            'Import-Image 3'        = { $output.Reference | Should -Be "$address/team/tool:latest" }
            'Import-Image 4'        = {
                $output.Reference | Should -Be 'base:1'
                (Get-ImageConfig base:1).Command | Should -Be '/bin/sh'
            }
            'Import-Image 5'        = { $said | Should -BeLike '*Import images*app.tar*' }
            'Invoke-ImagePull 1'    = { "$($output.Platform)" | Should -BeLike 'windows*amd64' }
            'Invoke-ImagePull 2'    = { $output.Architecture | Should -Be 'arm64' }
            'Invoke-ImagePull 3'    = { $output.Reference | Should -BeLike "$address/alpine@sha256:*" }
            'Invoke-ImagePull 4'    = {
                $output[0, 1].Reference | Should -Be "$address/app:1.3", "$address/hello-world:latest"
                $output[2] | Should -Be "$address/nosuch:1"
            }
            'Invoke-ImagePull 5'    = {
                $said | Should -HaveCount 2
                Get-TestRequest $world.Registry | Should -BeNullOrEmpty
            }
            'Invoke-ImagePull 6'    = { $output.Reference | Should -Be "$address/team/app:1.4" }
            'Invoke-ImagePull 7'    = { $output.Store | Sort-Object | Should -Be 'docker:web1', 'docker:web2', 'local' }
            'Optimize-ImageStore 1' = { $said | Should -HaveCount 1 }
            'Optimize-ImageStore 2' = { $output | Should -BeOfType ImgsPS.ImageStoreOptimization }
            'Optimize-ImageStore 3' = { $output | Should -BeOfType ImgsPS.ImageStoreOptimization }
            'Optimize-ImageStore 4' = { $output[-1].Store | Should -Be $world.Folder }
            'Optimize-ImageStore 5' = { $output[0].Count | Should -Be 2 }
            'Remove-Image 1'        = { Get-Name "*/app:*" | Should -Not -Contain "$address/app:1.3" }
            'Remove-Image 2'        = {
                @(Get-Image) | Should -HaveCount 16
                Get-Image | Where-Object Dangling | Should -BeNullOrEmpty
            }
            'Remove-Image 3'        = {
                $said | Should -HaveCount 1
                $said[0] | Should -BeLike "*$address/team/tests:latest*"
            }
            'Remove-Image 4'        = {
                $output[0].Sum | Should -BeGreaterThan 12000
                @(Get-Image | Where-Object { $_.Created -lt (Get-Date).AddDays(-90) }) | Should -BeNullOrEmpty
            }
            'Remove-Image 5'        = {
                # The image of this store is for one platform, another one.
                Get-Name "*/app:*" | Should -Contain "$address/app:1.4"
            }
            'Remove-Image 6'        = { Get-Image | Should -BeNullOrEmpty }
            'Remove-Image 7'        = {
                $said | Should -HaveCount 1
                $output[-1].Name | Should -Be Removed
                Get-Name -Store "registry://$address/builds" | Should -Be "$address/builds/new:1"
            }
            'Remove-Image 8'        = {
                $output | Should -BeOfType ImgsPS.ImageReferrer
                Get-Name -Store "registry://$address/builds" | Should -Not -Contain "$address/builds/web:1.3"
            }
            'Repair-ImageStore 1'   = {
                $said | Should -Not -BeNullOrEmpty
                Test-ImageStore -Full -Quiet | Should -BeFalse
            }
            'Repair-ImageStore 2'   = {
                $output.Repaired | Should -Contain $true
                Test-ImageStore -Full -Quiet | Should -BeTrue
            }
            'Repair-ImageStore 3'   = {
                @($output | Where-Object Repaired) | Should -Not -BeNullOrEmpty
                Test-ImageStore -Full -Quiet | Should -BeTrue
            }
            'Repair-ImageStore 4'   = { $output | Out-String | Should -Match '(?m)^Image +:[\s\S]*^Message +:[\s\S]*^Action +:' }
            'Test-ImageStore 1'     = { $output | Should -BeNullOrEmpty }
            'Test-ImageStore 2'     = { $output | Out-String |
                Should -Match "(?m)^Kind +:[\s\S]*^Image +: .*$([regex]::Escape($address))/app:1\.3" }
            'Test-ImageStore 3'     = { "$warnings" | Should -Be "$($world.Folder) is damaged" }
            'Test-ImageStore 4'     = { $output.Name | Should -Contain 'local, Error' }
            'Test-ImageUpdate 1'    = { "$($output.Reference) $($output.Status)" | Should -Be "$address/app:1 NewDigest" }
            'Test-ImageUpdate 2'    = {
                "$($output.Store) $($output.Reference) $($output.UsedBy)" | Should -Be "docker:web1 $address/app:1.4 web"
            }
            'Test-ImageUpdate 3'    = {
                "$(($output | Sort-Object Reference).Status)" | Should -Be 'NewTag NewDigest'
                ($output | Sort-Object Reference)[0].NewTag | Should -Be 1.4
            }
            'Test-ImageUpdate 4'    = { $output.Reference | Sort-Object | Should -Be "$address/app:1", "$address/app:1.4" }
            'Test-ImageUpdate 5'    = { $output | Should -Be Current }
            'Test-ImageUpdate 6'    = { ($output | Where-Object Name -EQ NewDigest).Count | Should -Be 2 }
        }

        # The errors that an example is about; all others fail it.
        $errorsOf = @{
            'Copy-Image 5'       = 'ImageConflict,ImgsPS.Cmdlets.CopyImageCommand'
            'Invoke-ImagePull 4' = 'ImageNotFound,ImgsPS.Cmdlets.InvokeImagePullCommand'
        }
    }

    AfterAll {
        Stop-ExampleWorld $world
        $env:IMGSPS_STORE, $env:DOCKER_CONFIG, $env:DOCKER_HOST, $env:DOCKER_CONTEXT, $env:PATH = $saved
    }

    It 'are all known here, and all run but for the <Expected>' `
        -ForEach @{ Expected = if ($PSVersionTable.PSEdition -eq 'Core') { 0 } else { 6 } } {
        $names = @(Get-HelpExample).Name
        $after.Keys | Sort-Object | Should -Be ($names | Sort-Object)
        $cannotRun.Count | Should -Be $Expected
        @(@($before.Keys; $errorsOf.Keys; $cannotRun.Keys) | Where-Object { $_ -notin $names }) | Should -BeNullOrEmpty
    }

    It '<Name>: <Title>' -ForEach $examples {
        if ($cannotRun[$Name]) {
            Set-ItResult -Skipped -Because $cannotRun[$Name]
            return
        }

        Initialize-Example $world
        if ($before[$Name]) { . $before[$Name] }
        $run = Invoke-Example $world $Example.Code
        $output, $said, $warnings = $run.Output, $run.Said, $run.Warnings
        "$($run.Errors.FullyQualifiedErrorId)" | Should -Be "$($errorsOf[$Name])" -Because "$($run.Errors)"
        . $after[$Name]
        if ($Example.Output) {
            # The shape of what the page shows: a table's columns, or the words around a target.
            $shown = $Example.Output.Split("`n")[0]
            if ($shown -like 'What if: *') {
                $said[0] -replace '"[^"]*"\.$' | Should -Be ($shown -replace '"[^"]*"\.$')
            } else {
                ($output | Out-String -Width 200).Trim().Split("`n")[0].Trim() -replace '\s+', ' ' |
                    Should -Be ($shown.Trim() -replace '\s+', ' ')
            }
        }
    }
}

Describe 'Get-Help' {
    BeforeAll {
        # In a console that has PowerShell's own modules and no platyPS.
        $script = "Import-Module '$(Get-TestModulePath)'; `$env:PSModulePath = Join-Path `$PSHOME Modules; foreach (`$name in (Get-Command -Module ImgsPS -CommandType Cmdlet).Name) { " +
            "'=== ' + `$name; Get-Help `$name -Full | Out-String -Width 100 -Stream }"
        $texts = @{}
        foreach ($line in Invoke-TestShell $script) {
            if ($line -like '=== *') { $texts[($name = $line.Substring(4))] = '' } else { $texts[$name] += "$line`n" }
        }

        # Without what a width makes of it.
        function ConvertTo-Flow([string] $Text) { ($Text -replace '`([^`]+)`', '''$1''' -replace '\s', '') }
    }

    It 'shows all of <Cmdlet>: synopsis, description, parameters, examples and notes' -ForEach $cmdlets {
        $page = [System.IO.File]::ReadAllText((Join-Path $PSScriptRoot "../../docs/cmdlets/$Cmdlet.md")).Replace("`r`n", "`n")
        $shown = ConvertTo-Flow $texts[$Cmdlet]
        foreach ($section in 'SYNOPSIS', 'DESCRIPTION', 'NOTES') {
            $text = [regex]::Match($page, "(?s)\n## $section\n(.*?)\n## ").Groups[1].Value
            $text | Should -Not -BeNullOrEmpty
            $shown.Contains((ConvertTo-Flow $text)) | Should -BeTrue -Because "$section is shown"
        }

        $parameters = [regex]::Matches($page, '(?s)\n### (-\w+)\n\n(.*?)\n\n```yaml')
        $parameters.Count | Should -BeGreaterThan 1
        foreach ($parameter in $parameters) {
            $text = $parameter.Groups[1].Value, $parameter.Groups[2].Value
            $shown | Should -Match ([regex]::Escape((ConvertTo-Flow $text[0])) + '(<[^>]+>)?' + [regex]::Escape((ConvertTo-Flow $text[1])))
        }

        foreach ($example in Get-HelpExample | Where-Object Cmdlet -eq $Cmdlet) {
            $shown.Contains((ConvertTo-Flow ($example.Title + ' --------- ' + $example.Code))) |
                Should -BeTrue -Because "$($example.Name) is shown"
        }

        $texts[$Cmdlet] | Should -Not -Match '`|\*\*|\]\('
    }
}
